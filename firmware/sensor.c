/* A street sensor's main loop for a Cortex-M4: reads a temperature, formats an uplink, counts.
 * It exists so that the example deploys a real firmware image; it needs no board to build. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef WITH_BATTERY  /* what 1.2.0 has and 1.1.0 had not: the voltage in every uplink */
#define FIRMWARE_VERSION "1.2.0"
#else
#define FIRMWARE_VERSION "1.1.0"
#endif

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

#ifdef WITH_BATTERY
static volatile uint32_t *const BATTERY_DATA = (volatile uint32_t *)0x40012480;

static int battery_millivolts(void) { return (int)(*BATTERY_DATA & 0xFFF) * 3600 / 4096; }
#endif

static void send_uplink(const char *text) {
    while (*text) *RADIO_FIFO = (uint32_t)(uint8_t)*text++;
}

int main(void) {
    static char line[64];
    for (uint32_t uplink = 0;; uplink++) {
        int t = temperature_centidegrees();
#ifdef WITH_BATTERY
        snprintf(line, sizeof line, "v%s #%lu t=%.2f b=%d", FIRMWARE_VERSION, (unsigned long)uplink, t / 100.0,
                 battery_millivolts());
#else
        snprintf(line, sizeof line, "v%s #%lu t=%.2f", FIRMWARE_VERSION, (unsigned long)uplink, t / 100.0);
#endif
        send_uplink(line);
    }
}
