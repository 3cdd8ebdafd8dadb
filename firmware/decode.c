/* Test program: decodes standard input, prints each frame, and encodes it again. */
#include <stdio.h>

#include "pkan_frame.h"

int main(void) {
    static struct pkan_decoder decoder;
    static struct pkan_evaluate request;
    static uint8_t out[PKAN_MAX_ENCODED];
    struct pkan_frame frame;
    for (int byte; (byte = getchar()) != EOF;) {
        if (!pkan_feed(&decoder, (uint8_t)byte, &frame))
            continue;
        printf("frame %u %u %u %u %u %u %u ", frame.version, frame.flags, frame.kind,
               frame.sequence, frame.session, frame.status, frame.credit);
        for (size_t i = 0; i < frame.length; i++)
            printf("%02x", frame.payload[i]);
        printf(" ");
        for (size_t i = 0, n = pkan_encode(&frame, out); i < n; i++)
            printf("%02x", out[i]);
        if (frame.kind == PKAN_EVALUATE && pkan_read_evaluate(&frame, &request) == PKAN_OK) {
            printf(" evaluate %08lx %u %u", (unsigned long)request.program_crc,
                   request.deadline_us, request.mode);
            for (size_t i = 0; i < request.inputs; i++)
                printf(" %u", request.x[i]);
        }
        printf("\n");
    }
    printf("errors %u %u %u\n", decoder.crc_errors, decoder.cobs_errors, decoder.length_errors);
    return 0;
}
