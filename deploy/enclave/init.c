/* The first process of an enclave: mounts, the security module's driver, the signal that the enclave is up (nitro-cli waits for it: one byte 0xB7 to CID 3, port 9000,
 * and back), the check that the kernel's random numbers come from the security module, then the enclave program, without privileges and with an empty environment.
 * Whatever fails ends the enclave: nothing here goes on with less. It lies in the first ramdisk (PCR0, PCR1); the program and its arguments in the second (PCR0, PCR2).
 * Static and without threads; built reproducibly by build.sh. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/vm_sockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/enclave/KeyMeld.Enclave"
#define ARGUMENTS "/etc/keymeld/arguments" /* one a line */
#define DRIVER "/nsm.ko"                   /* absent where the kernel has it built in */
#define GENERATOR "/sys/class/misc/hw_random/rng_current"
#define NOBODY 65534
#define MAX_ARGUMENTS 15

static void die(const char *what) {
    fprintf(stderr, "init: %s: %s\n", what, errno ? strerror(errno) : "refused");
    sync();
    reboot(RB_AUTOBOOT); /* ends the enclave; in a machine under test it restarts or stops the machine */
    _exit(1);
}

static void mount_at(const char *type, const char *path, unsigned long flags, const char *options) {
    if (mount(type, path, type, flags, options) != 0 && errno != EBUSY) die(path);
}

/* Reads a small file whole; returns its length without line ends at its end. */
static size_t read_text(const char *path, char *buffer, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) die(path);
    size_t length = 0;
    for (;;) {
        ssize_t got = read(file, buffer + length, size - 1 - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die(path);
        if (got == 0) break;
        length += (size_t)got;
        if (length == size - 1) { errno = EFBIG; die(path); }
    }
    close(file);
    while (length > 0 && buffer[length - 1] == '\n') length--;
    buffer[length] = 0;
    return length;
}

static void load_driver(void) {
    int file = open(DRIVER, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno != ENOENT) die(DRIVER);
        return;
    }
    if (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST) die(DRIVER);
    close(file);
}

static void tell_parent(void) {
    struct sockaddr_vm parent = {.svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 9000};
    struct timeval patience = {.tv_sec = 30};
    unsigned char beat = 0xB7, answer = 0;
    int connection = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) die("vsock");
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(connection, (struct sockaddr *)&parent, sizeof parent) != 0) die("no parent at CID 3, port 9000");
    if (write(connection, &beat, 1) != 1 || read(connection, &answer, 1) != 1) die("the parent does not answer");
    if (answer != beat) { errno = 0; die("the parent's answer is another byte"); }
    close(connection);
}

static void require_generator(void) {
    char name[64];
    read_text(GENERATOR, name, sizeof name);
    if (strcmp(name, "nsm-hwrng") != 0) { errno = 0; die("the kernel's random numbers do not come from the security module (nsm-hwrng)"); }
}

static void run(void) {
    static char text[4096];
    char *arguments[MAX_ARGUMENTS + 2] = {PROGRAM};
    char *none[] = {NULL};
    int count = 1;
    read_text(ARGUMENTS, text, sizeof text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (count > MAX_ARGUMENTS) { errno = E2BIG; die(ARGUMENTS); }
        arguments[count++] = line;
    }
    struct rlimit no_core = {0, 0}, all = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 || setrlimit(RLIMIT_MEMLOCK, &all) != 0) die("limits");
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0) die("privileges");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
    execve(PROGRAM, arguments, none);
    die(PROGRAM);
}

int main(void) {
    if (getpid() != 1) { fprintf(stderr, "init: this is the first process of an enclave and nothing else\n"); return 2; }
    umask(022);
    mount_at("devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755");
    int console = open("/dev/console", O_RDWR);
    if (console >= 0) {
        dup2(console, 0);
        dup2(console, 1);
        dup2(console, 2);
        if (console > 2) close(console);
    }
    mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    mount_at("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
    mount_at("tmpfs", "/tmp", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m");
    load_driver();
    if (chmod("/dev/nsm", 0666) != 0) die("/dev/nsm");
    require_generator();
    tell_parent();

    pid_t enclave = fork();
    if (enclave < 0) die("fork");
    if (enclave == 0) run();
    int status = 0;
    for (;;) { /* orphans are reaped too */
        pid_t ended = wait(&status);
        if (ended < 0 && errno == EINTR) continue;
        if (ended == enclave || ended < 0) break;
    }
    errno = 0;
    fprintf(stderr, "init: the enclave ended with status 0x%x\n", status);
    die("nothing to run");
}
