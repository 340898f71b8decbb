// protocol.md section 10: KB = the bytes of CBOR [key, user, auth, enclave's identity key, source].
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Keys;

/// <summary>What every encryption about one single-signer key is bound to.</summary>
public static class SingleKeyBinding
{
    /// <summary>KB of a key statement.</summary>
    public static byte[] Of(KeyStatement key) =>
        new CborEncoder().Array(5).Id(key.Key).Id(key.User).Bytes(key.Auth.Bytes).Bytes(key.Enclave.Key.Bytes).Text(key.Source.Text()).ToArray();
}
