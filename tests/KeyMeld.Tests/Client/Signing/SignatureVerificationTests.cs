using System.Security.Cryptography;
using System.Text;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Client.Signing;

public class SignatureVerificationTests
{
    [Fact]
    public void A_signature_verifies_for_its_content_key_and_message_only()
    {
        using var key = SecretKey.Generate();
        var content = "pay ten"u8.ToArray();
        var signature = key.SignSchnorr(SHA256.HashData(content));
        Assert.True(SignatureVerification.VerifyContent(key.XOnlyPublicKey, new MemoryStream(content), signature));
        Assert.True(SignatureVerification.Verify(key.XOnlyPublicKey, SHA256.HashData(content), signature));
        Assert.False(SignatureVerification.VerifyContent(key.XOnlyPublicKey, new MemoryStream("pay all"u8.ToArray()), signature));
        using var other = SecretKey.Generate();
        Assert.False(SignatureVerification.VerifyContent(other.XOnlyPublicKey, new MemoryStream(content), signature));
        Assert.Throws<ArgumentException>(() => SignatureVerification.Verify(key.XOnlyPublicKey, content, signature));
    }

    [Fact]
    public void A_signature_is_read_from_hex_or_bytes_and_nothing_else()
    {
        using var key = SecretKey.Generate();
        var signature = key.SignSchnorr(new byte[32]);
        Assert.Equal(signature, SignatureVerification.Parse(signature.Bytes));
        Assert.Equal(signature, SignatureVerification.Parse(Encoding.ASCII.GetBytes($" {signature}\n")));
        foreach (var text in (string[])["", signature.ToString()[1..], signature + "0", new string('g', 128)])
        {
            Assert.Equal(ErrorCodes.SignatureInvalid, Assert.Throws<KeyMeldException>(() => SignatureVerification.Parse(Encoding.ASCII.GetBytes(text))).Code);
        }
    }
}
