/* A disk that takes longer: put before a program by LD_PRELOAD, adds a pause to each fsync and fdatasync.
 *
 * POSTROAD_BENCH_SYNC_MICROS  the pause, in microseconds
 * POSTROAD_BENCH_SYNC_COUNT   a file of at least eight bytes in which the syncs are counted (unsigned, of the machine's order)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec pause_of_each;
static unsigned long *count;

__attribute__((constructor)) static void prepare(void)
{
    const char *micros = getenv("POSTROAD_BENCH_SYNC_MICROS");
    const char *path = getenv("POSTROAD_BENCH_SYNC_COUNT");
    long wanted = micros ? atol(micros) : 0;
    pause_of_each.tv_sec = wanted / 1000000;
    pause_of_each.tv_nsec = wanted % 1000000 * 1000;
    if (path) {
        int file = open(path, O_RDWR | O_CLOEXEC);
        if (file >= 0) {
            void *place = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            count = place == MAP_FAILED ? NULL : place;
            close(file);
        }
    }
}

static int slowly(long answer)
{
    int error = errno;
    struct timespec rest = pause_of_each;
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
    if (count)
        __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
    errno = error;
    return (int)answer;
}

int fsync(int file) { return slowly(syscall(SYS_fsync, file)); }

int fdatasync(int file) { return slowly(syscall(SYS_fdatasync, file)); }
