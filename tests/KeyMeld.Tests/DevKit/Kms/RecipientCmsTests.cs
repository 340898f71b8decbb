using System.Security.Cryptography;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>`CiphertextForRecipient` against the samples recorded from AWS, and opened by a reader that is independent of the writer.</summary>
public sealed class RecipientCmsTests
{
    private static readonly RSA rsa = RSA.Create(2048);

    /// <summary>A sample, and what produces the same: plaintext length and layout.</summary>
    public static TheoryData<string, int, bool> Samples => new()
    {
        { "enclaver-kms-cms-hello-world.ber", 12, false },
        { "sdk-c-kms-cms-constructed.ber", 32, false },
        { "sdk-c-kms-cms-primitive.ber", 13, true },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_bytes_equal_a_real_sample_but_for_key_identifier_wrapped_key_iv_and_ciphertext(string sample, int length, bool isPrimitive)
    {
        var real = Vectors.Bytes("cms", sample);
        var made = RecipientCms.Encrypt(rsa.ExportSubjectPublicKeyInfo(), new byte[length], isPrimitive ? CmsLayout.Primitive : CmsLayout.Constructed);
        Assert.Equal(real.Length, made.Length);
        Assert.Equal(Convert.ToHexStringLower(Masked(real)), Convert.ToHexStringLower(Masked(made)));
    }

    [Fact]
    public void The_reader_of_these_tests_opens_the_real_sample_whose_key_is_public()
    {
        var cms = Vectors.Bytes("cms", "enclaver-kms-cms-hello-world.ber");
        using var published = RSA.Create();
        published.ImportPkcs8PrivateKey(Vectors.Bytes("cms", "enclaver-rsa2048-private.pkcs8.der"), out _);
        Assert.Equal("Hello, World"u8.ToArray(), CmsReader.Open(cms, published, Vectors.Bytes("cms", "enclaver-rsa2048-public.spki.der")));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(15, 0)]
    [InlineData(16, 0)]
    [InlineData(32, 0)]
    [InlineData(32, -1)]
    [InlineData(100, 16)]
    [InlineData(1024, 1000)]
    [InlineData(4096, 0)]
    [InlineData(4096, -1)]
    [InlineData(1024, 7)]
    public void A_plaintext_of_any_length_comes_back_from_every_layout(int length, int chunk)
    {
        var spki = rsa.ExportSubjectPublicKeyInfo();
        var plaintext = RandomNumberGenerator.GetBytes(length);
        var layout = chunk switch { 0 => CmsLayout.Constructed, -1 => CmsLayout.Primitive, _ => CmsLayout.Chunked(chunk) };
        var cms = RecipientCms.Encrypt(spki, plaintext, layout);
        Assert.Equal(plaintext, CmsReader.Open(cms, rsa, spki));
        Assert.True(cms.Length <= 6144, "the limit of the API");
    }

    [Fact]
    public async Task Openssl_opens_it_too()
    {
        var folder = Directory.CreateTempSubdirectory("keymeld-cms-");
        try
        {
            var (cms, key) = (Path.Combine(folder.FullName, "cms"), Path.Combine(folder.FullName, "key"));
            await File.WriteAllBytesAsync(
                cms, RecipientCms.Encrypt(rsa.ExportSubjectPublicKeyInfo(), "a data key"u8, CmsLayout.Constructed), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(key, rsa.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
            Assert.Equal("a data key", await Tool.RunAsync("openssl", ["cms", "-decrypt", "-inform", "DER", "-in", cms, "-inkey", key]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_longer_recipient_key_is_served_too()
    {
        using var longer = RSA.Create(3072);
        var spki = longer.ExportSubjectPublicKeyInfo();
        Assert.Equal(new byte[32], CmsReader.Open(RecipientCms.Encrypt(spki, new byte[32], CmsLayout.Constructed), longer, spki));
    }

    [Fact]
    public void No_two_encryptions_share_key_or_iv()
    {
        var (one, other) = (RecipientCms.Encrypt(rsa.ExportSubjectPublicKeyInfo(), new byte[32], CmsLayout.Constructed),
            RecipientCms.Encrypt(rsa.ExportSubjectPublicKeyInfo(), new byte[32], CmsLayout.Constructed));
        Assert.NotEqual(CmsReader.Parse(one).WrappedKey, CmsReader.Parse(other).WrappedKey);
        Assert.NotEqual(CmsReader.Parse(one).Iv, CmsReader.Parse(other).Iv);
        Assert.NotEqual(CmsReader.Parse(one).Content, CmsReader.Parse(other).Content);
    }

    private static byte[] Masked(byte[] bytes)
    {
        var cms = CmsReader.Parse(bytes);
        var masked = bytes.ToArray();
        foreach (var part in new[] { cms.KeyIdentifier, cms.WrappedKey, cms.Iv, cms.Content })
            masked.AsSpan(masked.AsSpan().IndexOf(part), part.Length).Clear();
        return masked;
    }
}
