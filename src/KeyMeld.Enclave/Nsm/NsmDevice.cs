// /dev/nsm: ioctl 0xC0200A00 with four 64-bit words, request and response as address and length (Linux drivers/misc/nsm.c).
using System.Runtime.InteropServices;
using KeyMeld.Enclave.Nsm.Messages;
using KeyMeld.Wire.Transport;
using Microsoft.Win32.SafeHandles;

namespace KeyMeld.Enclave.Nsm;

/// <summary>The device of a real enclave.</summary>
public sealed partial class NsmDevice : INsm, IDisposable
{
    private const string Device = "/dev/nsm";
    private const nuint Raw = 0xC0200A00;
    private const int Interrupted = 4;
    private const int TimedOut = 110;
    private const string CurrentGenerator = "/sys/class/misc/hw_random/rng_current";

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly Lock _gate = new();

    /// <exception cref="NsmException">There is no such device.</exception>
    public NsmDevice()
        : this(Device)
    {
    }

    internal NsmDevice(string path)
    {
        _path = path;
        try
        {
            _handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NsmException(NsmFailure.Unreachable, $"{path} cannot be opened: this is no Nitro enclave, or its driver is missing.", exception);
        }
    }

    /// <summary>The kernel's own generator must be fed by the module: nothing else in an enclave is a source of entropy.</summary>
    /// <exception cref="NsmException">It is not.</exception>
    public static void RequireKernelGenerator(string path = CurrentGenerator)
    {
        string current;
        try
        {
            current = File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NsmException(NsmFailure.Unreachable, $"{path} cannot be read: the kernel's random generator is unknown.", exception);
        }
        if (current != "nsm-hwrng")
        {
            throw new NsmException(NsmFailure.Unreachable, $"The kernel's random generator is '{current}', not nsm-hwrng.");
        }
    }

    public unsafe byte[] Exchange(ReadOnlySpan<byte> request)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.Length, NsmRequest.MaxBytes);
        var response = new byte[NsmResponse.MaxBytes];
        lock (_gate)
        {
            fixed (byte* from = request)
            fixed (byte* to = response)
            {
                while (true)
                {
                    var message = new Message { Request = (ulong)from, RequestLength = (ulong)request.Length, Response = (ulong)to, ResponseLength = (ulong)response.Length };
                    if (Control(_handle, Raw, ref message) == 0)
                    {
                        return message.ResponseLength <= (ulong)response.Length
                            ? response[..(int)message.ResponseLength]
                            : throw new NsmException(NsmFailure.Malformed, $"{_path} answered more than it was given room for.");
                    }
                    if (Marshal.GetLastPInvokeError() is not Interrupted and var errno)
                    {
                        throw new NsmException(NsmFailure.Unreachable, $"{_path} failed: {Errno.Name(errno)}{(errno == TimedOut ? ", the module did not answer within the driver's two minutes" : "")}.");
                    }
                }
            }
        }
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle device, nuint request, ref Message message);

    private struct Message
    {
        public ulong Request;
        public ulong RequestLength;
        public ulong Response;
        public ulong ResponseLength;
    }
}
