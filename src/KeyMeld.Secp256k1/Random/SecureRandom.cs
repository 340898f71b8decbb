using System.Runtime.InteropServices;
using System.Security.Cryptography;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1;

/// <summary>A further origin of random bytes: it fills the whole <paramref name="destination"/> (which starts as zeros) or throws. Called from any thread.</summary>
public delegate void RandomSource(Span<byte> destination);

/// <summary>
/// Random bytes for keys, nonces and ids: the kernel's getrandom(2), XORed with the runtime's own generator and with every registered source. The kernel is
/// asked at every call, because an in-process generator repeats itself in a machine that was cloned or restored from a snapshot, and a repeated nonce gives
/// the key away. The result is as good as the best of the origins.
/// </summary>
public static class SecureRandom
{
    private const int ChunkSize = 256;
    private static readonly Lock s_registration = new();
    private static RandomSource[] s_sources = [FillFromKernel, FillFromRuntime];

    /// <summary>Fills <paramref name="destination"/> completely. If one of the origins fails, it is left as zeros.</summary>
    /// <exception cref="CryptographicException">The kernel gave no randomness.</exception>
    public static void Fill(Span<byte> destination) => FillFrom(Volatile.Read(ref s_sources), destination);

    /// <summary>Registers an origin whose bytes are XORed into every later <see cref="Fill"/>. If it throws, so does <see cref="Fill"/>.</summary>
    public static void AddSource(RandomSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        lock (s_registration)
            Volatile.Write(ref s_sources, [.. s_sources, source]);
    }

    internal static void RemoveSource(RandomSource source)
    {
        lock (s_registration)
            Volatile.Write(ref s_sources, [.. s_sources.Where(registered => registered != source)]);
    }

    /// <summary>Makes <paramref name="destination"/> the XOR of what all <paramref name="sources"/> give.</summary>
    internal static void FillFrom(ReadOnlySpan<RandomSource> sources, Span<byte> destination)
    {
        destination.Clear();
        var complete = false;
        try
        {
            foreach (var source in sources)
                MixIn(destination, source);
            complete = true;
        }
        finally
        {
            if (!complete)
                CryptographicOperations.ZeroMemory(destination);
        }
    }

    private static unsafe void FillFromKernel(Span<byte> destination)
    {
        fixed (byte* start = destination)
        {
            var filled = 0;
            while (filled < destination.Length)
            {
                var count = Libc.getrandom(start + filled, (nuint)(destination.Length - filled), 0);
                if (count > 0)
                    filled += (int)count;
                else if (count == 0 || Marshal.GetLastPInvokeError() != Libc.EINTR)
                    throw new CryptographicException($"getrandom(2) failed: {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
    }

#pragma warning disable RS0030 // banned because it never asks the kernel again; here it is only XORed with the kernel's bytes
    private static void FillFromRuntime(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
#pragma warning restore RS0030

    private static void MixIn(Span<byte> destination, RandomSource source)
    {
        Span<byte> chunk = stackalloc byte[ChunkSize];
        try
        {
            while (!destination.IsEmpty)
            {
                var part = chunk[..Math.Min(chunk.Length, destination.Length)];
                part.Clear();
                source(part);
                for (var i = 0; i < part.Length; i++)
                    destination[i] ^= part[i];
                destination = destination[part.Length..];
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(chunk);
        }
    }
}
