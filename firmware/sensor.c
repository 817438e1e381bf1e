/* A street sensor's main loop for a Cortex-M4: reads a temperature, formats an uplink, counts.
 * It exists so that the example deploys a real firmware image; it needs no board to build. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRMWARE_VERSION "1.1.0"

extern uint32_t _stack_top, _data_start, _data_end, _data_load, _bss_start, _bss_end;
int main(void);

void reset_handler(void) {
    memcpy(&_data_start, &_data_load, (size_t)((char *)&_data_end - (char *)&_data_start));
    memset(&_bss_start, 0, (size_t)((char *)&_bss_end - (char *)&_bss_start));
    main();
    for (;;) { }
}

static void halt(void) { for (;;) { } }

__attribute__((section(".vectors"), used))
static const void *const vectors[16] = {
    &_stack_top, (const void *)reset_handler, (const void *)halt, (const void *)halt,
};

static volatile uint32_t *const ADC_DATA = (volatile uint32_t *)0x40012440;
static volatile uint32_t *const RADIO_FIFO = (volatile uint32_t *)0x58010000;

static int temperature_centidegrees(void) { return (int)(*ADC_DATA & 0xFFF) * 330 / 4096 * 10 - 5000; }

static void send_uplink(const char *text) {
    while (*text) *RADIO_FIFO = (uint32_t)(uint8_t)*text++;
}

int main(void) {
    static char line[64];
    for (uint32_t uplink = 0;; uplink++) {
        int t = temperature_centidegrees();
        snprintf(line, sizeof line, "v%s #%lu t=%.2f", FIRMWARE_VERSION, (unsigned long)uplink, t / 100.0);
        send_uplink(line);
    }
}
