"""Which system calls untrusted code may make, and what each of the others answers.

Five answers: allowed, allowed with certain arguments, an errno that Python turns into an ordinary exception, the end of the process
(no honest strategy makes these, so they are reported as an attack), and ENOSYS for everything not named, new calls included.
"""

import errno


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ALLOWED = _names("""close exit exit_group restart_syscall munmap mremap brk clock_gettime clock_getres gettimeofday getrandom sched_yield
    rt_sigreturn rt_sigprocmask sigaltstack getpid gettid getrusage times""")
"""May be made with any arguments."""

LIMITED = ("write", "mmap", "mprotect", "futex", "madvise")
"""May be made with the arguments that `seccomp.py` checks."""

REFUSED: dict[int, tuple[str, ...]] = {
    errno.EACCES: _names("""open openat openat2 creat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getcwd chdir fchdir
        rename renameat renameat2 mkdir mkdirat mknod mknodat rmdir unlink unlinkat link linkat symlink symlinkat chmod fchmod
        fchmodat fchmodat2 chown lchown fchown fchownat truncate ftruncate statfs fstatfs getdents getdents64"""),
    errno.EBADF: _names(
        """read pread64 readv preadv preadv2 fstat lseek fcntl dup dup2 dup3 writev pwrite64 pwritev pwritev2"""
    ),
    errno.ENOTTY: ("ioctl",),
    errno.EPERM: _names("""uname sysinfo prlimit64 getrlimit setrlimit sched_getaffinity sched_setaffinity rt_sigaction nanosleep clock_nanosleep
        poll ppoll select pselect6 getuid geteuid getgid getegid getppid getpgid getpgrp getsid getresuid getresgid getgroups
        tgkill"""),
}
"""By the errno they answer."""

HOSTILE = _names("""execve execveat fork vfork clone clone3 ptrace process_vm_readv process_vm_writev kill tkill pidfd_open pidfd_send_signal
    pidfd_getfd socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg unshare setns
    mount umount2 chroot pivot_root open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr bpf userfaultfd perf_event_open
    io_uring_setup io_uring_enter io_uring_register io_setup io_submit keyctl add_key request_key open_by_handle_at init_module
    finit_module delete_module kexec_load kexec_file_load setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid
    setfsgid capset prctl seccomp memfd_create memfd_secret shmget personality""")
"""End the process with SIGSYS."""
