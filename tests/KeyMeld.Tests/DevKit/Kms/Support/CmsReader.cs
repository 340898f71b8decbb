using System.Formats.Asn1;
using System.Security.Cryptography;

namespace KeyMeld.Tests.DevKit.Kms.Support;

/// <summary>Reads CMS EnvelopedData in BER; independent of the emulator's writer, and tested with a sample of AWS.</summary>
internal static class CmsReader
{
    private static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0);

    public static byte[] Open(byte[] bytes, RSA rsa, byte[] spki)
    {
        var cms = Parse(bytes);
        Assert.Equal(SHA256.HashData(spki), cms.KeyIdentifier);
        using var aes = Aes.Create();
        aes.Key = rsa.Decrypt(cms.WrappedKey, RSAEncryptionPadding.OaepSHA256);
        return aes.DecryptCbc(cms.Content, cms.Iv);
    }

    public static Parsed Parse(byte[] bytes)
    {
        var outer = new AsnReader(bytes, AsnEncodingRules.BER);
        var contentInfo = outer.ReadSequence();
        Assert.False(outer.HasData);
        Assert.Equal("1.2.840.113549.1.7.3", contentInfo.ReadObjectIdentifier());
        var enveloped = contentInfo.ReadSequence(Context0).ReadSequence();
        Assert.Equal(2, enveloped.ReadInteger());
        var recipient = enveloped.ReadSetOf().ReadSequence();
        Assert.Equal(2, recipient.ReadInteger());
        var keyIdentifier = recipient.ReadOctetString(Context0);
        recipient.ReadSequence();
        var wrappedKey = recipient.ReadOctetString();
        var info = enveloped.ReadSequence();
        Assert.Equal("1.2.840.113549.1.7.1", info.ReadObjectIdentifier());
        var algorithm = info.ReadSequence();
        Assert.Equal("2.16.840.1.101.3.4.1.42", algorithm.ReadObjectIdentifier());
        return new(keyIdentifier, wrappedKey, algorithm.ReadOctetString(), info.ReadOctetString(Context0));
    }

    internal sealed record Parsed(byte[] KeyIdentifier, byte[] WrappedKey, byte[] Iv, byte[] Content);
}
