using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>A signed request for one signature with one key, sealed to its enclave. Submitting it again, inside its lifetime, asks for a signature of the same message.</summary>
public sealed class PreparedKeySigning : IDisposable
{
    internal PreparedKeySigning(OwnedKey key, Signed<SingleSign> request, byte[] wire, SingleSignBlob blob) => (Key, Request, Wire, Blob) = (key, request, wire, blob);

    /// <summary>The key.</summary>
    public OwnedKey Key { get; }

    /// <summary>What is signed, 32 bytes.</summary>
    public Hash32 Message => Blob.Message;

    /// <summary>How it is signed.</summary>
    public SingleSignAlgorithm Algorithm => Request.Value.Algorithm;

    /// <summary>With which tweak.</summary>
    public SingleTweak Tweak => Blob.Tweak;

    /// <summary>Until when it can be submitted.</summary>
    public DateTimeOffset Expires => UnixTime.ToDate(Request.Value.Expires);

    internal Signed<SingleSign> Request { get; }

    internal byte[] Wire { get; }

    internal SingleSignBlob Blob { get; }

    /// <summary>Whether 64 bytes are the signature that was asked for.</summary>
    internal bool IsSignature(ReadOnlySpan<byte> signature) => Algorithm == SingleSignAlgorithm.Ecdsa
        ? EcdsaSignature.TryParse(signature, out var ecdsa) && Key.PublicKey.VerifyEcdsa(Message.Bytes, ecdsa)
        : SchnorrSignature.TryParse(signature, out var schnorr) && Key.OutputKey(Tweak).Verify(Message.Bytes, schnorr);

    /// <summary>Wipes the response secret.</summary>
    public void Dispose() => Blob.Dispose();
}
