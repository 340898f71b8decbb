using System.Security.Cryptography;
using System.Text;
using CsCheck;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.Enclave.Sealing.Cms;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Enclave.Sealing;

public class EnvelopedKeyTests
{
    private static readonly byte[] DataKey = SHA256.HashData("data key"u8);
    private static readonly Lazy<byte[]> TestKey = new(() =>
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportPkcs8PrivateKey();
    });

    [Theory]
    [InlineData("constructed")]
    [InlineData("primitive")]
    public void The_samples_of_the_real_service_parse_to_their_fields(string form)
    {
        var expected = Vectors.Text("cms", "sdk-c-expected.txt").Split('\n').Where(line => line.StartsWith(form, StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToDictionary(parts => parts[1], parts => parts[2]);
        Assert.Equal(3, expected.Count);
        Assert.True(EnvelopedKey.TryParse(Vectors.Bytes("cms", $"sdk-c-kms-cms-{form}.ber"), out var parsed));
        Assert.Equal(expected["encrypted_key_out"], Convert.ToHexStringLower(parsed.EncryptedContentKey));
        Assert.Equal(expected["iv_out"], Convert.ToHexStringLower(parsed.Iv));
        Assert.Equal(expected["ciphertext_out"], Convert.ToHexStringLower(parsed.Ciphertext));
        Assert.Equal(32, parsed.SubjectKeyIdentifier.Length);
    }

    [Fact]
    public void The_sample_with_a_known_key_opens()
    {
        using var key = Import(Vectors.Bytes("cms", "enclaver-rsa2048-private.pkcs8.der"));
        Assert.Equal(Vectors.Bytes("cms", "enclaver-rsa2048-public.spki.der"), key.PublicKey.ToArray());
        Assert.True(key.TryOpen(Vectors.Bytes("cms", "enclaver-kms-cms-hello-world.ber"), out var plaintext));
        Assert.Equal("Hello, World", Encoding.UTF8.GetString(plaintext.Span));
    }

    [Fact]
    public void Every_form_the_service_uses_opens_definite_lengths_included()
    {
        CmsLayout[] layouts = [CmsLayout.Constructed, CmsLayout.Primitive, CmsLayout.Chunked(16), CmsLayout.Chunked(7)];
        foreach (var answer in layouts.Select(layout => Seal(layout)).Append(InDefiniteLengths(Seal(CmsLayout.Primitive))))
        {
            using var key = Import(TestKey.Value);
            Assert.True(key.TryOpen(answer, out var plaintext));
            Assert.Equal(DataKey, plaintext.Span);
        }
    }

    [Fact]
    public void K11_a_key_opens_one_answer_and_no_answer_for_another_key()
    {
        using var key = Import(TestKey.Value);
        using var other = RecipientKey.Generate();
        Assert.False(other.TryOpen(Seal(CmsLayout.Constructed), out _));
        Assert.True(key.TryOpen(Seal(CmsLayout.Constructed), out _));
        Assert.False(key.TryOpen(Seal(CmsLayout.Constructed), out _));
    }

    [Fact]
    public void K02_no_flipped_byte_leaves_the_plaintext_as_it_was()
    {
        foreach (var layout in new[] { CmsLayout.Constructed, CmsLayout.Primitive })
        {
            var answer = Seal(layout);
            Gen.Select(Gen.Int[0, answer.Length - 1], Gen.Int[1, 255]).Sample(
                (at, flip) =>
                {
                    var changed = (byte[])answer.Clone();
                    changed[at] ^= (byte)flip;
                    return !Opens(changed, out var plaintext) || !plaintext.SequenceEqual(DataKey);
                },
                iter: 600);
        }
    }

    [Fact]
    public void K20_whatever_the_bytes_are_the_only_answer_is_no()
    {
        var answer = Seal(CmsLayout.Constructed);
        Gen.Byte.Array[0, 700].Sample(bytes => !Opens(bytes, out _), iter: 500);
        Gen.Select(Gen.Int[0, answer.Length - 1], Gen.Byte.Array[1, 20]).Sample(
            (at, junk) =>
            {
                byte[] changed = [.. answer[..at], .. junk];
                // What was cut off may be put back.
                return changed.AsSpan().SequenceEqual(answer) || !Opens(changed, out _);
            },
            iter: 500);
        for (var length = 0; length < answer.Length; length++)
        {
            Assert.False(EnvelopedKey.TryParse(answer.AsMemory(0, length), out _));
        }
    }

    [Theory]
    [InlineData("a trailing byte", "", "", true)]
    [InlineData("version 0 of the content", "020102318201", "020100318201", false)]
    [InlineData("version 0 of the recipient", "3082016702010280", "3082016702010080", false)]
    [InlineData("SHA-1 for the mask", "06092a864886f70d010108300d06096086480165030402010500", "06092a864886f70d010108300d06096086480165030402020500", false)]
    [InlineData("PKCS #1 v1.5", "06092a864886f70d010107", "06092a864886f70d010101", false)]
    [InlineData("AES-128", "060960864801650304012a", "0609608648016503040102", false)]
    [InlineData("digested data", "06092a864886f70d010703", "06092a864886f70d010705", false)]
    [InlineData("signed content", "06092a864886f70d010701", "06092a864886f70d010702", false)]
    public void Another_structure_is_refused(string what, string find, string replace, bool append)
    {
        var hex = Convert.ToHexStringLower(Seal(CmsLayout.Constructed));
        Assert.Contains(find, hex, StringComparison.Ordinal);
        var changed = Convert.FromHexString(append ? hex + "00" : hex.Replace(find, replace, StringComparison.Ordinal));
        Assert.False(EnvelopedKey.TryParse(changed, out _), what);
    }

    [Fact]
    public void Unprotected_attributes_a_second_recipient_and_too_many_bytes_are_refused()
    {
        var answer = Seal(CmsLayout.Constructed);
        // [1] unprotectedAttrs before the end of EnvelopedData.
        Assert.False(EnvelopedKey.TryParse((byte[])[.. answer[..^6], 0xa1, 0x00, .. answer[^6..]], out _));
        var set = answer.AsSpan().IndexOf(Convert.FromHexString("3182016b"));
        var recipient = answer[(set + 4)..(set + 4 + 0x16b)];
        Assert.False(EnvelopedKey.TryParse((byte[])[.. answer[..set], 0x31, 0x82, 0x02, 0xd6, .. recipient, .. recipient, .. answer[(set + 4 + 0x16b)..]], out _));
        using var key = Import(TestKey.Value);
        Assert.False(key.TryOpen(Seal(CmsLayout.Constructed, new byte[EnvelopedKey.MaxBytes]), out _));
    }

    [Fact]
    public void K20_a_change_of_any_field_is_refused_and_the_unchanged_answer_opens()
    {
        var pieces = CmsPieces.Of(Seal(CmsLayout.Constructed));
        foreach (var (name, change) in CmsPieces.Changes)
        {
            Assert.False(Opens(change(pieces).Encode(), out _), name);
        }
        Assert.True(Opens(pieces.Encode(), out _));
    }

    [Fact]
    public void A_content_key_of_another_length_is_refused_though_it_would_open()
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(TestKey.Value, out _);
        using var aes = Aes.Create();
        aes.Key = new byte[16];
        var pieces = CmsPieces.Of(Seal(CmsLayout.Constructed));
        Assert.False(Opens((pieces with { WrappedKey = rsa.Encrypt(aes.Key, RSAEncryptionPadding.OaepSHA256), Content = aes.EncryptCbc(DataKey, pieces.Iv) }).Encode(), out _));
        aes.Key = new byte[32];
        Assert.True(Opens((pieces with { WrappedKey = rsa.Encrypt(aes.Key, RSAEncryptionPadding.OaepSHA256), Content = aes.EncryptCbc(DataKey, pieces.Iv) }).Encode(), out _));
    }

    private static bool Opens(byte[] answer, out byte[] plaintext)
    {
        using var key = Import(TestKey.Value);
        var opened = key.TryOpen(answer, out var secret);
        plaintext = secret?.Span.ToArray() ?? [];
        secret?.Dispose();
        return opened;
    }

    private static byte[] Seal(CmsLayout layout, byte[]? plaintext = null)
    {
        using var key = Import(TestKey.Value);
        return RecipientCms.Encrypt(key.PublicKey.Span, plaintext ?? DataKey, layout);
    }

    // The four outer constructions, rewritten from the innermost outwards.
    private static byte[] InDefiniteLengths(byte[] answer)
    {
        byte[] Wrap(byte tag, byte[] content) => [tag, 0x82, (byte)(content.Length >> 8), (byte)(content.Length & 0xff), .. content];
        var body = answer[..^8];
        var content = body.AsSpan().LastIndexOf(new byte[] { 0x30, 0x80 });
        var enveloped = body.AsSpan().IndexOf(Convert.FromHexString("a0803080"));
        var inner = Wrap(0x30, body[(content + 2)..]);
        var envelopedData = Wrap(0x30, [.. body[(enveloped + 4)..content], .. inner]);
        return Wrap(0x30, [.. body[2..enveloped], .. Wrap(0xa0, envelopedData)]);
    }

    private static RecipientKey Import(byte[] pkcs8)
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(pkcs8, out _);
        return new RecipientKey(rsa);
    }
}
