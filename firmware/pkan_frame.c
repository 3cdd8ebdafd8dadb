/* See pkan_frame.h. */
#include "pkan_frame.h"

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] | (uint16_t)p[1] << 8); }

static uint32_t get32(const uint8_t *p) { return get16(p) | (uint32_t)get16(p + 2) << 16; }

static void put16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

uint32_t pkan_crc32(uint32_t crc, const uint8_t *data, size_t length) {
    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static void restart(struct pkan_decoder *d) { d->used = d->code = d->left = d->bad = 0; }

static void append(struct pkan_decoder *d, uint8_t byte) {
    if (d->used == PKAN_MAX_RAW) {
        if (!d->bad)
            d->length_errors++;
        d->bad = 1;
    } else {
        d->raw[d->used++] = byte;
    }
}

/* Returns 1 and the frame that ends here, or counts the error and returns 0. */
static int finish(struct pkan_decoder *d, struct pkan_frame *frame) {
    if (d->bad || (d->used == 0 && d->code == 0))
        return 0; /* already counted, or empty */
    if (d->left) {
        d->cobs_errors++;
        return 0;
    }
    if (d->used < PKAN_HEADER + PKAN_CHECK) {
        d->length_errors++;
        return 0;
    }
    size_t body = d->used - PKAN_CHECK;
    if (pkan_crc32(0, d->raw, body) != get32(d->raw + body)) {
        d->crc_errors++;
        return 0;
    }
    frame->version = d->raw[0] >> 4;
    frame->flags = d->raw[0] & 15;
    frame->kind = d->raw[1];
    frame->sequence = get16(d->raw + 2);
    frame->session = get16(d->raw + 4);
    frame->status = d->raw[6];
    frame->credit = d->raw[7];
    frame->payload = d->raw + PKAN_HEADER;
    frame->length = (uint16_t)(body - PKAN_HEADER);
    return 1;
}

int pkan_feed(struct pkan_decoder *d, uint8_t byte, struct pkan_frame *frame) {
    if (byte == 0) {
        int whole = finish(d, frame);
        restart(d);
        return whole;
    }
    if (d->bad)
        return 0;
    if (d->left) {
        append(d, byte);
        d->left--;
        return 0;
    }
    /* A new block: the previous one ends with a zero unless it had the maximum length. */
    if (d->code != 0 && d->code != 0xFF)
        append(d, 0);
    d->code = byte;
    d->left = (uint8_t)(byte - 1);
    return 0;
}

/* COBS encoder: position of the open block's code, and the length of the block so far. */
struct writer {
    uint8_t *out;
    size_t used, code;
    uint8_t run;
};

static void write_byte(struct writer *w, uint8_t byte) {
    if (byte != 0) {
        w->out[w->used++] = byte;
        w->run++;
    }
    if (byte == 0 || w->run == 0xFF) {
        w->out[w->code] = w->run;
        w->code = w->used++;
        w->run = 1;
    }
}

static uint32_t write_all(struct writer *w, uint32_t crc, const uint8_t *data, size_t length) {
    for (size_t i = 0; i < length; i++)
        write_byte(w, data[i]);
    return pkan_crc32(crc, data, length);
}

size_t pkan_encode(const struct pkan_frame *frame, uint8_t *out) {
    if (frame->length > PKAN_MAX_RAW - PKAN_HEADER - PKAN_CHECK)
        return 0;
    uint8_t head[PKAN_HEADER], check[PKAN_CHECK];
    struct writer w = {out, 1, 0, 1};
    head[0] = (uint8_t)(frame->version << 4 | frame->flags);
    head[1] = frame->kind;
    put16(head + 2, frame->sequence);
    put16(head + 4, frame->session);
    head[6] = frame->status;
    head[7] = frame->credit;
    uint32_t crc = write_all(&w, 0, head, sizeof head);
    crc = write_all(&w, crc, frame->payload, frame->length);
    put16(check, (uint16_t)crc);
    put16(check + 2, (uint16_t)(crc >> 16));
    write_all(&w, 0, check, sizeof check);
    out[w.code] = w.run;
    out[w.used++] = 0;
    return w.used;
}

int pkan_read_evaluate(const struct pkan_frame *frame, struct pkan_evaluate *request) {
    const uint8_t *p = frame->payload;
    if (frame->length < 8 || frame->length < 8 + 2 * (size_t)p[6])
        return PKAN_LENGTH;
    request->program_crc = get32(p);
    request->deadline_us = get16(p + 4);
    request->inputs = p[6];
    request->mode = p[7];
    for (size_t i = 0; i < request->inputs; i++)
        request->x[i] = get16(p + 8 + 2 * i);
    return PKAN_OK;
}
