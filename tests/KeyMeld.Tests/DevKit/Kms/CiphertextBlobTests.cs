using System.Security.Cryptography;
using System.Text.Json;
using CsCheck;
using KeyMeld.DevKit.Kms;
using KeyMeld.DevKit.Kms.Ciphertext;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>The outer form of ciphertext blobs, and what they are bound to.</summary>
public sealed class CiphertextBlobTests
{
    private static readonly Gen<Dictionary<string, string>> contexts = Gen.Dictionary(
        Gen.String[Gen.Char["abAB \u00e4"], 0, 3], Gen.String[Gen.Char["abAB \u00e4"], 0, 3])[0, 3];

    [Fact]
    public void A_data_keys_blob_has_the_form_and_the_length_of_the_documented_one()
    {
        var lines = Vectors.Text("kms-wire", "docs-samples.txt").Split('\n');
        var body = lines.Single(line => line.StartsWith("{\"CiphertextBlob\":\"AQEDAH", StringComparison.Ordinal));
        var real = JsonDocument.Parse(body).RootElement.GetProperty("CiphertextBlob").GetBytesFromBase64();
        var made = CiphertextBlob.Seal(NewKey(), CiphertextBlob.OfDataKey, EncryptionContext.Empty, new byte[32]);
        Assert.Equal(real.Length, made.Length);
        // The second byte was 01 in 2016 and is 02 today (`AQIDAH`).
        Assert.Equal("AQIDAH", Convert.ToBase64String(made)[..6]);
        Assert.Equal(Convert.ToHexStringLower(Masked(real)), Convert.ToHexStringLower(Masked(made)));
        Assert.Equal("AQICAH", Convert.ToBase64String(CiphertextBlob.Seal(NewKey(), CiphertextBlob.OfEncrypt, EncryptionContext.Empty, [1]))[..6]);
    }

    [Fact]
    public void A_blob_opens_with_its_key_and_context_only()
    {
        var (key, other) = (NewKey(), NewKey());
        Gen.Select(contexts, contexts, Gen.Byte.Array[1, 4096]).Sample(
            (context, otherContext, plaintext) =>
            {
                var blob = CiphertextBlob.Seal(key, CiphertextBlob.OfEncrypt, new(context), plaintext);
                var same = context.Count == otherContext.Count && context.All(pair => otherContext.GetValueOrDefault(pair.Key) == pair.Value);
                return CiphertextBlob.TryOpen(key, new(context), blob)!.AsSpan().SequenceEqual(plaintext)
                    && (same || CiphertextBlob.TryOpen(key, new(otherContext), blob) is null)
                    && CiphertextBlob.TryOpen(other, new(context), blob) is null
                    && CiphertextBlob.TryOpen(key with { KeyId = other.KeyId }, new(context), blob) is null;
            },
            iter: 300);
    }

    [Fact]
    public void K35_the_bytes_of_two_contexts_are_equal_only_if_the_contexts_are()
    {
        Gen.Select(contexts, contexts).Sample((one, other) =>
            new EncryptionContext(one).ToAad().AsSpan().SequenceEqual(new EncryptionContext(other).ToAad())
                == (one.Count == other.Count && one.All(pair => other.GetValueOrDefault(pair.Key) == pair.Value)), iter: 20_000);
        Assert.NotEqual(
            new EncryptionContext(new Dictionary<string, string> { ["a"] = "bc" }).ToAad(),
            new EncryptionContext(new Dictionary<string, string> { ["ab"] = "c" }).ToAad());
    }

    [Fact]
    public void The_order_of_a_context_does_not_matter() => Assert.Equal(
        new EncryptionContext(new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }).ToAad(),
        new EncryptionContext(new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }).ToAad());

    [Fact]
    public void A_blob_with_any_byte_changed_cut_or_added_does_not_open()
    {
        var key = NewKey();
        var blob = CiphertextBlob.Seal(key, CiphertextBlob.OfDataKey, EncryptionContext.Empty, new byte[32]);
        Assert.NotNull(CiphertextBlob.TryOpen(key, EncryptionContext.Empty, blob));
        for (var index = 0; index < blob.Length; index++)
        {
            var changed = blob.ToArray();
            changed[index] ^= 0x01;
            Assert.Null(CiphertextBlob.TryOpen(key, EncryptionContext.Empty, changed));
            Assert.Null(CiphertextBlob.TryOpen(key, EncryptionContext.Empty, blob.AsMemory(0, index)));
        }
        Assert.Null(CiphertextBlob.TryOpen(key, EncryptionContext.Empty, (byte[])[.. blob, 0]));
    }

    private static byte[] Masked(byte[] blob)
    {
        var masked = blob.ToArray();
        masked[1] = 0;
        masked.AsSpan(5, 32).Clear();
        // The nonce is the OCTET STRING 04 0C, the content the [0] at the end.
        var nonce = masked.AsSpan().IndexOf(Convert.FromHexString("3011040c")) + 4;
        masked.AsSpan(nonce, 12).Clear();
        masked.AsSpan(^59..).Clear();
        return masked;
    }

    private static KeyRecord NewKey()
    {
        var id = AwsIds.Uuid();
        return new()
        {
            KeyId = id,
            Arn = "arn:aws:kms:us-west-2:000000000000:key/" + id,
            MaterialId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
            Material = KeyMaterial.Generate(),
            State = KeyState.Enabled,
            Created = DateTimeOffset.UnixEpoch,
            Description = "",
            Policy = "",
        };
    }
}
