/* What a loss of power leaves: only what was synced. $SHIM_SHADOW is a folder that gets a copy of every file when it is synced, and of
 * every folder's names when that is (tests/shim/power.rs makes a file system of them again).
 *
 * The strictest reading of POSIX: a synced file has no name on disk until its folder is synced, a name may have no content, a folder
 * that is synced may have no name in the one above. What is on disk is known by numbers of our own, because inode numbers are used
 * again: ids/<inode> is a link to the number that whatever has this inode now was given when it was made.
 *
 * With $SHIM_BLIND syncs of folders are ignored, as a wrong program would leave them out. */

/* Processes name and sync files at the same time; numbers must fit. Whoever dies with the lock takes the others along. */
static void enter(void) {
    unsigned is_free = 0;
    while (!atomic_compare_exchange_weak(&state->lock, &is_free, 1)) {
        if (atomic_load(&state->dead)) die();
        is_free = 0;
        sched_yield();
    }
}

static void leave(void) { atomic_store(&state->lock, 0); }

static void shadow_number(char *number, size_t size, unsigned long inode) {
    char link[512];
    snprintf(link, sizeof link, "%s/ids/%lu", shadow, inode);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, number, size - 1);
    if (length > 0) number[length] = 0;
    else snprintf(number, size, "i%lu", inode);
}

/* A file or folder was made under this name. */
static void shadow_born(int at_folder, const char *path) {
    struct stat facts;
    char link[512], fresh[512], number[32];
    if (!shadow || fstatat(at_folder, path, &facts, AT_SYMLINK_NOFOLLOW)) return;
    unsigned id = atomic_fetch_add(&state->ids, 1);
    snprintf(number, sizeof number, "%u", id);
    snprintf(fresh, sizeof fresh, "%s/ids/new-%u", shadow, id);
    snprintf(link, sizeof link, "%s/ids/%lu", shadow, (unsigned long)facts.st_ino);
    syscall(SYS_symlinkat, number, AT_FDCWD, fresh);
    syscall(SYS_renameat2, AT_FDCWD, fresh, AT_FDCWD, link, 0);
}

static void shadow_content(int from, int to) {
    static __thread char bytes[1 << 16];
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", from);
    /* The descriptor itself may be one that only writes. */
    int again = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    for (ssize_t length; (length = syscall(SYS_read, again, bytes, sizeof bytes)) > 0;) syscall(SYS_write, to, bytes, length);
    syscall(SYS_close, again);
}

/* Lines of kind, number and name. */
static void shadow_names(int from, int to) {
    static __thread char entries[1 << 16];
    int again = syscall(SYS_openat, from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    for (long length; (length = syscall(SYS_getdents64, again, entries, sizeof entries)) > 0;) {
        for (long place = 0; place < length;) {
            struct dirent64 *entry = (struct dirent64 *)(entries + place);
            place += entry->d_reclen;
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            struct stat facts;
            char number[32];
            if (fstatat(again, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW)) continue;
            shadow_number(number, sizeof number, facts.st_ino);
            dprintf(to, "%c %s %s\n", S_ISDIR(facts.st_mode) ? 'd' : 'f', number, entry->d_name);
        }
    }
    syscall(SYS_close, again);
}

/* A file or folder was synced. */
static void shadow_synced(int descriptor) {
    struct stat facts;
    char number[32], fresh[512], kept[512];
    if (!shadow || fstat(descriptor, &facts)) return;
    int is_folder = S_ISDIR(facts.st_mode);
    if (is_folder && blind) return;
    enter();
    shadow_number(number, sizeof number, facts.st_ino);
    snprintf(kept, sizeof kept, "%s/%s/%s", shadow, is_folder ? "folders" : "files", number);
    snprintf(fresh, sizeof fresh, "%s/new-%s", shadow, number);
    int to = syscall(SYS_openat, AT_FDCWD, fresh, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (is_folder) shadow_names(descriptor, to);
    else shadow_content(descriptor, to);
    syscall(SYS_close, to);
    syscall(SYS_renameat2, AT_FDCWD, fresh, AT_FDCWD, kept, 0);
    leave();
}
