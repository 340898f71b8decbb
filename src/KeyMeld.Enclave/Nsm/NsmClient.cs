using KeyMeld.Enclave.Nsm.Messages;

namespace KeyMeld.Enclave.Nsm;

/// <summary>What is asked of the Nitro Secure Module, in types.</summary>
public sealed class NsmClient(INsm nsm)
{
    /// <summary>An attestation document over what is given; absent values are null in it.</summary>
    /// <exception cref="NsmException">No document came.</exception>
    public byte[] Attest(ReadOnlyMemory<byte>? userData, ReadOnlyMemory<byte>? nonce, ReadOnlyMemory<byte>? publicKey) =>
        NsmResponse.ReadDocument(nsm.Exchange(NsmRequest.Attestation(userData, nonce, publicKey)));

    /// <summary>Fills <paramref name="destination"/> with the module's random bytes, at most 256 for each call to it.</summary>
    /// <exception cref="NsmException">None came.</exception>
    public void GetRandom(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var random = NsmResponse.ReadRandom(nsm.Exchange(NsmRequest.GetRandom()));
            var taken = Math.Min(random.Length, destination.Length);
            random.AsSpan(0, taken).CopyTo(destination);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(random);
            destination = destination[taken..];
        }
    }
}
