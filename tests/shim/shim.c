/* A file system that fails on request, for `ablate` and its workers: LD_PRELOAD this library (tests/shim/mod.rs does).
 *
 * Counts the calls of all processes together that touch what lies below $SHIM_FOLDER, in a page of memory that they share
 * ($SHIM_STATE), so that a schedule is one number: at call $SHIM_AT the fault $SHIM_FAULT happens. "kill" stops the whole tree
 * of processes before the call, a write after half of its bytes; a number is an errno that the call fails with (only calls that can
 * fail so are counted), "stop" stops the process as SIGSTOP does, "stall" makes the call take $SHIM_SECONDS. With $SHIM_LASTING every later
 * call fails as well, as on a disk that stays full. $SHIM_CALL and $SHIM_PATH count only calls of this name whose path has
 * this text. With $SHIM_SHADOW a death is a loss of power (shadow.h).
 *
 * The calls themselves are made by number, so nothing has to be looked up but opendir. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { KILL = -1, STOP = -2, STALL = -3, DESCRIPTORS = 4096, MEMBERS = 16 };

/* What the driver reads when all is over. */
struct state {
    atomic_uint calls;
    atomic_uint faults;
    atomic_uint dead;
    atomic_uint root;
    atomic_uint members;
    atomic_uint member[MEMBERS];
    char what[428];
    atomic_uint who;
    atomic_uint lock;
    atomic_uint ids;
};

/* Kinds of calls, as far as they differ in how they can fail. */
enum kind { MAKES = 1, OPENS = 2, WRITES = 4, READS = 8, SYNCS = 16, CLOSES = 32, REMOVES = 64 };

static struct state *state;
static const char *folder;
static size_t folder_length;
static unsigned at;
static int fault;
static int lasting;
static unsigned seconds;
static const char *only_call, *only_path;
static const char *shadow;
static int blind;
static atomic_char watched[DESCRIPTORS];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SHIM_STATE"), *number = getenv("SHIM_AT"), *what = getenv("SHIM_FAULT");
    folder = getenv("SHIM_FOLDER");
    if (!path || !number || !what || !folder) return;
    int file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (page == MAP_FAILED) return;
    folder_length = strlen(folder);
    at = strtoul(number, NULL, 10);
    fault = !strcmp(what, "kill") ? KILL : !strcmp(what, "stop") ? STOP : !strcmp(what, "stall") ? STALL : atoi(what);
    lasting = getenv("SHIM_LASTING") != NULL;
    seconds = getenv("SHIM_SECONDS") ? strtoul(getenv("SHIM_SECONDS"), NULL, 10) : 0;
    only_call = getenv("SHIM_CALL");
    only_path = getenv("SHIM_PATH");
    shadow = getenv("SHIM_SHADOW");
    blind = getenv("SHIM_BLIND") != NULL;
    unsigned none = 0;
    struct state *shared = page;
    atomic_compare_exchange_strong(&shared->root, &none, getpid());
    unsigned member = atomic_fetch_add(&shared->members, 1);
    if (member < MEMBERS) atomic_store(&shared->member[member], getpid());
    state = shared;
}

static int below(const char *path) {
    return state && path && strncmp(path, folder, folder_length) == 0;
}

static int is_watched(int descriptor) {
    return state && descriptor >= 0 && descriptor < DESCRIPTORS && atomic_load(&watched[descriptor]);
}

static void watch(long descriptor, int on) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) atomic_store(&watched[descriptor], on);
}

static int touches(int at_folder, const char *path) {
    return below(path) || (path && path[0] != '/' && is_watched(at_folder));
}

static int can_fail_so(int error, int kind) {
    switch (error) {
    case ENOSPC: case EDQUOT: return kind & (MAKES | WRITES | SYNCS);
    case EACCES: return kind & (MAKES | OPENS | REMOVES);
    case EROFS: return kind & (MAKES | REMOVES);
    case EMFILE: return kind & OPENS;
    default: return 1;
    }
}

static void die(void) {
    atomic_store(&state->dead, 1);
    kill(atomic_load(&state->root), SIGKILL);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#include "shadow.h"

/* Whether the fault happens at this call: the errno to fail with, KILL, or 0. */
static int due(int kind, const char *call, const char *path, int descriptor) {
    char link[64], target[400] = "";
    if (atomic_load(&state->dead)) die();
    if (fault > 0 && !can_fail_so(fault, kind)) return 0;
    if (only_call && strcmp(only_call, call)) return 0;
    if (!path) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        path = target;
    }
    if (only_path && !strstr(path, only_path)) return 0;
    unsigned number = atomic_fetch_add(&state->calls, 1) + 1;
    if (number != at && !(lasting && number > at)) return 0;
    if (atomic_load(&state->faults) == 0) {
        snprintf(state->what, sizeof state->what, "%s %s", call, path);
        atomic_store(&state->who, getpid());
    }
    atomic_fetch_add(&state->faults, 1);
    if (fault == STOP) kill(getpid(), SIGSTOP);
    if (fault == STALL) {
        struct timespec left = {seconds, 0};
        while (syscall(SYS_nanosleep, &left, &left) && errno == EINTR) {}
    }
    return fault == STOP || fault == STALL ? 0 : fault;
}

/* In front of a call: dies or returns from the wrapper where a fault is due. */
#define GUARD(touches, kind, call, path, descriptor)                    \
    if (touches) {                                                      \
        int now = due(kind, call, path, descriptor);                    \
        if (now == KILL) die();                                         \
        if (now) { errno = now; return -1; }                            \
    }

static long open_any(int at_folder, const char *path, int flags, mode_t mode) {
    int touched = touches(at_folder, path);
    GUARD(touched, (flags & O_CREAT) ? OPENS | MAKES : OPENS, "open", path, -1)
    struct stat facts;
    int makes = touched && shadow && (flags & O_CREAT);
    if (makes) {
        enter();
        makes = fstatat(at_folder, path, &facts, AT_SYMLINK_NOFOLLOW) != 0;
    }
    long opened = syscall(SYS_openat, at_folder, path, flags, mode);
    int error = errno;
    if (makes && opened >= 0) shadow_born(at_folder, path);
    if (touched && shadow && (flags & O_CREAT)) leave();
    errno = error;
    watch(opened, touched);
    return opened;
}

#define MODE(flags)                                                     \
    mode_t mode = 0;                                                    \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                            \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode = va_arg(rest, mode_t);                                    \
        va_end(rest);                                                   \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int at_folder, const char *path, int flags, ...) { MODE(flags) return open_any(at_folder, path, flags, mode); }
int openat64(int at_folder, const char *path, int flags, ...) { MODE(flags) return open_any(at_folder, path, flags, mode); }
int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

DIR *opendir(const char *path) {
    static DIR *(*next)(const char *);
    if (below(path)) {
        int now = due(OPENS, "opendir", path, -1);
        if (now == KILL) die();
        if (now) { errno = now; return NULL; }
    }
    if (!next) next = (DIR *(*)(const char *))dlsym(RTLD_NEXT, "opendir");
    return next(path);
}

int close(int descriptor) {
    int touched = is_watched(descriptor), now = 0;
    if (touched) {
        now = due(CLOSES, "close", NULL, descriptor);
        if (now == KILL) die();
    }
    watch(descriptor, 0);
    long closed = syscall(SYS_close, descriptor);
    /* Linux closes the descriptor also when it reports an error. */
    if (now) { errno = now; return -1; }
    return closed;
}

/* A write that dies does half of its work first. */
#define WRITE(call, half)                                               \
    if (is_watched(descriptor)) {                                       \
        int now = due(WRITES, call, NULL, descriptor);                  \
        if (now == KILL) { half; die(); }                               \
        if (now) { errno = now; return -1; }                            \
    }

ssize_t write(int descriptor, const void *bytes, size_t length) {
    WRITE("write", syscall(SYS_write, descriptor, bytes, length / 2))
    return syscall(SYS_write, descriptor, bytes, length);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    WRITE("pwrite", syscall(SYS_pwrite64, descriptor, bytes, length / 2, offset))
    return syscall(SYS_pwrite64, descriptor, bytes, length, offset);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return pwrite64(descriptor, bytes, length, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    WRITE("writev", count ? syscall(SYS_write, descriptor, parts[0].iov_base, parts[0].iov_len / 2) : 0)
    return syscall(SYS_writev, descriptor, parts, count);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length, unsigned flags) {
    GUARD(is_watched(to), WRITES, "copy_file_range", NULL, to)
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, length, flags);
}

int ftruncate64(int descriptor, off64_t length) {
    GUARD(is_watched(descriptor), WRITES, "ftruncate", NULL, descriptor)
    return syscall(SYS_ftruncate, descriptor, length);
}
int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

ssize_t read(int descriptor, void *bytes, size_t length) {
    GUARD(is_watched(descriptor), READS, "read", NULL, descriptor)
    return syscall(SYS_read, descriptor, bytes, length);
}

ssize_t pread64(int descriptor, void *bytes, size_t length, off64_t offset) {
    GUARD(is_watched(descriptor), READS, "pread", NULL, descriptor)
    return syscall(SYS_pread64, descriptor, bytes, length, offset);
}
ssize_t pread(int descriptor, void *bytes, size_t length, off_t offset) { return pread64(descriptor, bytes, length, offset); }

int fsync(int descriptor) {
    GUARD(is_watched(descriptor), SYNCS, "fsync", NULL, descriptor)
    if (is_watched(descriptor)) shadow_synced(descriptor);
    return syscall(SYS_fsync, descriptor);
}
int fdatasync(int descriptor) {
    GUARD(is_watched(descriptor), SYNCS, "fdatasync", NULL, descriptor)
    if (is_watched(descriptor)) shadow_synced(descriptor);
    return syscall(SYS_fdatasync, descriptor);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    GUARD(touches(to_folder, to), MAKES, "link", to, -1)
    return syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    GUARD(touches(to_folder, to) || touches(from_folder, from), MAKES, "rename", to, -1)
    return syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renameat2(from_folder, from, to_folder, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at_folder, const char *path, int flags) {
    GUARD(touches(at_folder, path), REMOVES, "unlink", path, -1)
    return syscall(SYS_unlinkat, at_folder, path, flags);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at_folder, const char *path, mode_t mode) {
    int touched = touches(at_folder, path);
    GUARD(touched, MAKES, "mkdir", path, -1)
    if (!touched || !shadow) return syscall(SYS_mkdirat, at_folder, path, mode);
    enter();
    int made = syscall(SYS_mkdirat, at_folder, path, mode), error = errno;
    if (!made) shadow_born(at_folder, path);
    leave();
    errno = error;
    return made;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
