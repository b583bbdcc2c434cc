/* A wall clock that is wrong, for `ablate` and its workers: LD_PRELOAD this library (tests/clocks.rs does).
 *
 * The time of day is that of the machine, or stands at $CLOCK_STANDS_AT (seconds since 1970); $CLOCK_ADD seconds are added, and
 * $CLOCK_STEP seconds more at each call (may be negative). Linux has no time before 1970, so none is shown. The monotonic
 * clocks are not touched: no administrator and no NTP can set them. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *stands_at;
static long long add, step;
static atomic_llong calls;

__attribute__((constructor)) static void begin(void) {
    const char *more = getenv("CLOCK_ADD"), *each = getenv("CLOCK_STEP");
    stands_at = getenv("CLOCK_STANDS_AT");
    if (more) add = atoll(more);
    if (each) step = atoll(each);
}

static int real(clockid_t clock, struct timespec *at) { return syscall(SYS_clock_gettime, clock, at); }

static int wrong(struct timespec *at) {
    if (real(CLOCK_REALTIME, at)) return -1;
    long long now = stands_at ? atoll(stands_at) : at->tv_sec;
    now += add + step * atomic_fetch_add(&calls, 1);
    at->tv_sec = now < 0 ? 0 : now;
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int of_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
    return of_day ? wrong(at) : real(clock, at);
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (wrong(&now)) return -1;
    *at = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    if (wrong(&now)) return -1;
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *at, int base) { return base == TIME_UTC && !wrong(at) ? base : 0; }
