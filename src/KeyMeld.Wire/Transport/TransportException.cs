using System.Globalization;

namespace KeyMeld.Wire.Transport;

/// <summary>A link could not be made; the message names the call, the place and the system's own error.</summary>
/// <param name="operation">The system call, such as <c>connect</c>.</param>
/// <param name="place">The address.</param>
/// <param name="errno">The system's error number; 0 where it is not known.</param>
/// <param name="inner">What the runtime made of it.</param>
public sealed class TransportException(string operation, string place, int errno, Exception? inner = null)
    : IOException($"{operation} {place}: {Errno.Name(errno)}", inner)
{
    /// <summary>The system's error number; 0 where it is not known.</summary>
    public int ErrorNumber => errno;
}

/// <summary>Names of Linux error numbers, errno(3), as far as sockets and devices give them.</summary>
public static class Errno
{
    private static readonly (int Number, string Name)[] Known =
    [
        (1, "EPERM"), (2, "ENOENT"), (4, "EINTR"), (5, "EIO"), (6, "ENXIO"), (9, "EBADF"), (11, "EAGAIN"), (12, "ENOMEM"), (13, "EACCES"),
        (14, "EFAULT"), (16, "EBUSY"), (19, "ENODEV"), (22, "EINVAL"), (23, "ENFILE"), (24, "EMFILE"), (25, "ENOTTY"), (32, "EPIPE"),
        (90, "EMSGSIZE"), (92, "ENOPROTOOPT"), (95, "EOPNOTSUPP"), (97, "EAFNOSUPPORT"), (98, "EADDRINUSE"), (99, "EADDRNOTAVAIL"),
        (101, "ENETUNREACH"), (103, "ECONNABORTED"), (104, "ECONNRESET"), (105, "ENOBUFS"), (107, "ENOTCONN"), (110, "ETIMEDOUT"),
        (111, "ECONNREFUSED"), (113, "EHOSTUNREACH"), (115, "EINPROGRESS"),
    ];

    private static readonly Dictionary<int, string> Names = Known.ToDictionary(known => known.Number, known => known.Name);

    /// <summary>Such as <c>ETIMEDOUT</c>; the number where it has no name here.</summary>
    public static string Name(int errno) => Names.GetValueOrDefault(errno) ?? (errno > 0 ? string.Create(CultureInfo.InvariantCulture, $"errno {errno}") : "unknown error");
}
