/* Frames and EVALUATE of the bridge protocol, version 1, for firmware: see doc/firmware.md.
 *
 * Portable C99 without allocation or global state: all state is in structures of the caller. */
#ifndef PKAN_FRAME_H
#define PKAN_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define PKAN_VERSION 1u
#define PKAN_MAX_RAW 1200u
#define PKAN_HEADER 8u
#define PKAN_CHECK 4u
/* COBS adds one byte, and one more for every 254; then the delimiter. */
#define PKAN_MAX_ENCODED (PKAN_MAX_RAW + 1u + PKAN_MAX_RAW / 254u + 1u)
#define PKAN_MAX_INPUTS 255u

enum pkan_flags { PKAN_RESPONSE = 8, PKAN_EVENT = 4, PKAN_RETRANSMISSION = 2 };
enum pkan_kind { PKAN_SAFE = 0x0F, PKAN_EVALUATE = 0x20 };
enum pkan_status { PKAN_OK = 0, PKAN_LENGTH = 2 };

/* One frame; payload points into the decoder and is valid until its next byte. */
struct pkan_frame {
    uint8_t version, flags, kind, status, credit;
    uint16_t sequence, session, length;
    const uint8_t *payload;
};

/* Decoder state; all zero at the start. */
struct pkan_decoder {
    uint8_t raw[PKAN_MAX_RAW];
    uint16_t used;     /* bytes of raw */
    uint8_t code, left; /* COBS block: its code, and the bytes still missing */
    uint8_t bad;       /* this frame is already known to be damaged */
    uint16_t crc_errors, cobs_errors, length_errors;
};

/* A request to evaluate: inputs in Q1.15. */
struct pkan_evaluate {
    uint32_t program_crc;
    uint16_t deadline_us;
    uint8_t mode, inputs;
    uint16_t x[PKAN_MAX_INPUTS];
};

/* Decodes one byte. Returns 1 when it completes a frame, which is then in *frame, else 0. */
int pkan_feed(struct pkan_decoder *decoder, uint8_t byte, struct pkan_frame *frame);

/* Writes a frame with its delimiter to out, which has room for PKAN_MAX_ENCODED bytes.
 * Returns the number of bytes, 0 if the payload is too long. */
size_t pkan_encode(const struct pkan_frame *frame, uint8_t *out);

/* Reads an EVALUATE; returns PKAN_OK, or PKAN_LENGTH where bytes of the payload are missing. */
int pkan_read_evaluate(const struct pkan_frame *frame, struct pkan_evaluate *request);

/* CRC-32 as in zlib; crc is 0 at the start. */
uint32_t pkan_crc32(uint32_t crc, const uint8_t *data, size_t length);

#endif
