// Protocol section 2: in an enclave, randomness is also XORed with HMAC(NSM boot seed, counter).
using System.Buffers.Binary;
using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Nsm;

/// <summary>One stream of bytes for each boot, from the module's own generator: register <see cref="Fill"/> with <see cref="SecureRandom.AddSource"/>.</summary>
public sealed class NsmEntropy : IDisposable
{
    private const int SeedBytes = 64;

    private readonly SecretBytes _seed;
    private long _counter;

    private NsmEntropy(SecretBytes seed) => _seed = seed;

    /// <exception cref="NsmException">The module gave nothing, or nothing random.</exception>
    public static NsmEntropy Draw(NsmClient nsm)
    {
        var seed = SecretBytes.Allocate(SeedBytes);
        try
        {
            nsm.GetRandom(seed.Writable);
            // A module that answers one byte over and over is broken: 2^-504 for a sound one.
            return seed.Span.IndexOfAnyExcept(seed.Span[0]) >= 0
                ? new NsmEntropy(seed)
                : throw new NsmException(NsmFailure.Malformed, "The Nitro Secure Module's random bytes are all the same.");
        }
        catch
        {
            seed.Dispose();
            throw;
        }
    }

    /// <summary>Fills with the next bytes of the stream; none are given out twice.</summary>
    public void Fill(Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> counter = stackalloc byte[sizeof(long)];
        while (destination.Length > 0)
        {
            BinaryPrimitives.WriteInt64BigEndian(counter, Interlocked.Increment(ref _counter));
            HMACSHA256.HashData(_seed.Span, counter, block);
            var taken = Math.Min(block.Length, destination.Length);
            block[..taken].CopyTo(destination);
            destination = destination[taken..];
        }
        CryptographicOperations.ZeroMemory(block);
    }

    public void Dispose() => _seed.Dispose();
}
