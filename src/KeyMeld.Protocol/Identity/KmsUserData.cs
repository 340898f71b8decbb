// protocol.md section 3, last paragraph.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Identity;

/// <summary>The <c>user_data</c> of attestation documents made for KMS, which are therefore never taken for an identity.</summary>
public static class KmsUserData
{
    /// <summary>Bytes of the random part.</summary>
    public const int RandomSize = 32;

    /// <summary>TH("KeyMeld/v1/kms", CBOR [AWS action name, ARN, context map, 32 random bytes]).</summary>
    public static Hash32 Of(string action, string arn, IReadOnlyDictionary<string, string> context, ReadOnlySpan<byte> random32)
    {
        if (random32.Length != RandomSize)
        {
            throw new ArgumentException($"The random part has {RandomSize} bytes.", nameof(random32));
        }
        var encoder = new CborEncoder().Array(4).Text(action).Text(arn).Map(context.Count);
        foreach (var (name, value) in context.OrderBy(entry => System.Text.Encoding.UTF8.GetByteCount(entry.Key)).ThenBy(entry => entry.Key, StringComparer.Ordinal))
        {
            encoder.Text(name).Text(value);
        }
        return Hash32.Tagged("KeyMeld/v1/kms", encoder.Bytes(random32).Written);
    }
}
