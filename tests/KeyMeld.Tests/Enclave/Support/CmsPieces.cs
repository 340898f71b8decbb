// CMS EnvelopedData (RFC 5652 section 6.1) in its pieces, each the encoded element.
using System.Security.Cryptography;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>
/// An honest answer taken apart, to be put together again with one piece changed: key and content stay right, so that whoever skips the check of that piece
/// opens it.
/// </summary>
internal sealed record CmsPieces
{
    /// <summary>One change for each field there is. Those of the IV and the content give another plaintext or none; all others must be refused as they stand.</summary>
    public static readonly IReadOnlyDictionary<string, Func<CmsPieces, CmsPieces>> Changes = new Dictionary<string, Func<CmsPieces, CmsPieces>>
    {
        ["the content type"] = cms => cms with { ContentType = Hex("06092A864886F70D010702") },
        ["the version"] = cms => cms with { Version = [2, 1, 0] },
        ["an originator"] = cms => cms with { Originator = [0xA0, 0x00] },
        ["the recipient's version"] = cms => cms with { RecipientVersion = [2, 1, 0] },
        ["the recipient's identifier"] = cms => cms with { RecipientId = [0x80, 0x20, .. SHA256.HashData(cms.RecipientId)] },
        ["a short identifier"] = cms => cms with { RecipientId = [0x80, 0x14, .. cms.RecipientId[2..22]] },
        ["a longer identifier"] = cms => cms with { RecipientId = [0x80, 0x21, .. cms.RecipientId[2..], 0] },
        ["an identifier by issuer"] = cms => cms with { RecipientId = [0x30, 0x20, .. cms.RecipientId[2..]] },
        ["the key's algorithm"] = cms => cms with { KeyAlgorithm = Hex("06092A864886F70D010101") },
        ["the hash"] = cms => cms with { Hash = Hex("A00F300D06096086480165030402020500") },
        ["no hash, which means SHA-1"] = cms => cms with { Hash = [] },
        ["the mask"] = cms => cms with { Mask = Hex("A11C301A06092A864886F70D010109300D06096086480165030402010500") },
        ["the mask's hash"] = cms => cms with { Mask = Hex("A11C301A06092A864886F70D010108300D06096086480165030402030500") },
        ["a label"] = cms => cms with { Label = Hex("A20F300D06092A864886F70D0101090400") },
        ["a bit of the encrypted key"] = cms => cms with { WrappedKey = Flip(cms.WrappedKey) },
        ["an encrypted key with a leading zero"] = cms => cms with { WrappedKey = [0, .. cms.WrappedKey] },
        ["a cut encrypted key"] = cms => cms with { WrappedKey = cms.WrappedKey[..^1] },
        ["something behind the recipient's key"] = cms => cms with { BehindKey = [5, 0] },
        ["the recipient twice"] = cms => cms with { Recipients = 2 },
        ["no recipient"] = cms => cms with { Recipients = 0 },
        ["the type of the content"] = cms => cms with { DataType = Hex("06092A864886F70D010702") },
        ["the cipher"] = cms => cms with { Cipher = Hex("0609608648016503040116") },
        ["a cut IV"] = cms => cms with { Iv = cms.Iv[..^1] },
        ["a longer IV"] = cms => cms with { Iv = [.. cms.Iv, 0] },
        ["something behind the IV"] = cms => cms with { BehindIv = [5, 0] },
        ["no content"] = cms => cms with { Content = [] },
        ["half a block of content"] = cms => cms with { Content = cms.Content[..^8] },
        ["something behind the content"] = cms => cms with { BehindContent = [5, 0] },
        ["attributes"] = cms => cms with { Attributes = [0xA1, 0x00] },
        ["something behind the envelope"] = cms => cms with { BehindEnvelope = [5, 0] },
        ["something behind everything in it"] = cms => cms with { BehindAll = [5, 0] },
        ["a missing end"] = cms => cms with { Missing = 2 },
        ["a trailing byte"] = cms => cms with { Trailing = [0] },
    };

    /// <summary>Other plaintexts: nothing in the answer shows it, the sealed record does.</summary>
    public static readonly IReadOnlyDictionary<string, Func<CmsPieces, CmsPieces>> OtherPlaintexts = new Dictionary<string, Func<CmsPieces, CmsPieces>>
    {
        ["a bit of the IV"] = cms => cms with { Iv = Flip(cms.Iv) },
        ["a bit of the content"] = cms => cms with { Content = [.. cms.Content[..16], .. Flip(cms.Content[16..32]), .. cms.Content[32..]] },
    };

    public required byte[] RecipientId { get; init; }

    public required byte[] WrappedKey { get; init; }

    public required byte[] Iv { get; init; }

    public required byte[] Content { get; init; }

    private byte[] ContentType { get; init; } = Hex("06092A864886F70D010703");

    private byte[] Version { get; init; } = [2, 1, 2];

    private byte[] Originator { get; init; } = [];

    private int Recipients { get; init; } = 1;

    private byte[] RecipientVersion { get; init; } = [2, 1, 2];

    private byte[] KeyAlgorithm { get; init; } = Hex("06092A864886F70D010107");

    private byte[] Hash { get; init; } = Hex("A00F300D06096086480165030402010500");

    private byte[] Mask { get; init; } = Hex("A11C301A06092A864886F70D010108300D06096086480165030402010500");

    private byte[] Label { get; init; } = [];

    private byte[] BehindKey { get; init; } = [];

    private byte[] DataType { get; init; } = Hex("06092A864886F70D010701");

    private byte[] Cipher { get; init; } = Hex("060960864801650304012A");

    private byte[] BehindIv { get; init; } = [];

    private byte[] BehindContent { get; init; } = [];

    private byte[] Attributes { get; init; } = [];

    private byte[] BehindEnvelope { get; init; } = [];

    private byte[] BehindAll { get; init; } = [];

    private int Missing { get; init; }

    private byte[] Trailing { get; init; } = [];

    /// <exception cref="Xunit.Sdk.XunitException">It is not of the honest form.</exception>
    public static CmsPieces Of(byte[] cms)
    {
        var parsed = CmsReader.Parse(cms);
        return new CmsPieces { RecipientId = [0x80, 0x20, .. parsed.KeyIdentifier], WrappedKey = parsed.WrappedKey, Iv = parsed.Iv, Content = parsed.Content };
    }

    /// <summary>In the form the service gives its answers: indefinite outside, definite for the recipient, the content in one piece.</summary>
    public byte[] Encode()
    {
        var algorithm = Element(0x30, [.. KeyAlgorithm, .. Element(0x30, [.. Hash, .. Mask, .. Label])]);
        var recipient = Element(0x30, [.. RecipientVersion, .. RecipientId, .. algorithm, .. Element(0x04, WrappedKey), .. BehindKey]);
        byte[] recipients = Element(0x31, [.. Enumerable.Repeat(recipient, Recipients).SelectMany(bytes => bytes)]);
        var cipher = Element(0x30, [.. Cipher, .. Element(0x04, Iv), .. BehindIv]);
        byte[] content = [.. DataType, .. cipher, 0xA0, 0x80, .. Element(0x04, Content), 0, 0, .. BehindContent];
        byte[] enveloped = [.. Version, .. Originator, .. recipients, 0x30, 0x80, .. content, 0, 0, .. Attributes];
        byte[] whole = [0x30, 0x80, .. ContentType, 0xA0, 0x80, 0x30, 0x80, .. enveloped, 0, 0, .. BehindEnvelope, 0, 0, .. BehindAll, 0, 0];
        return [.. whole[..^Missing], .. Trailing];
    }

    private static byte[] Element(byte tag, byte[] content) => content.Length switch
    {
        < 0x80 => [tag, (byte)content.Length, .. content],
        < 0x100 => [tag, 0x81, (byte)content.Length, .. content],
        _ => [tag, 0x82, (byte)(content.Length >> 8), (byte)(content.Length & 0xff), .. content],
    };

    private static byte[] Flip(byte[] bytes) => [.. bytes[..^1], (byte)(bytes[^1] ^ 1)];

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
