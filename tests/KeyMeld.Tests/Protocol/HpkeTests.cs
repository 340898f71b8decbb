using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>RFC 9180 with DHKEM(secp256k1, HKDF-SHA256): public vectors, then those of the protocol.</summary>
public class HpkeTests
{
    [Fact]
    public void The_public_vectors_agree_from_key_pair_to_key_schedule()
    {
        var cases = Vectors.Json("hpke", "dhkem-secp256k1-base.json").EnumerateArray().ToArray();
        Assert.Equal(4, cases.Length);
        foreach (var one in cases)
        {
            Assert.Equal(Dhkem.Id, Number(one, "kem_id"));
            using var recipient = Dhkem.DeriveKeyPair(one.Hex("ikmR"));
            using var ephemeral = Dhkem.DeriveKeyPair(one.Hex("ikmE"));
            Assert.Equal(one.Text("skRm"), Secret(recipient));
            Assert.Equal(one.Text("skEm"), Secret(ephemeral));

            var enc = new byte[65];
            var shared = new byte[32];
            Dhkem.Encapsulate(ephemeral, recipient.PublicKey, enc, shared);
            Assert.Equal(one.Text("enc"), Convert.ToHexStringLower(enc));
            Assert.Equal(one.Text("shared_secret"), Convert.ToHexStringLower(shared));
            var opened = new byte[32];
            Assert.True(Dhkem.TryDecapsulate(recipient, enc, opened));
            Assert.Equal(shared, opened);

            var aead = (ushort)Number(one, "aead_id");
            var context = new byte[HpkeKeySchedule.ContextSize];
            HpkeKeySchedule.Context(aead, one.Hex("info"), context);
            Assert.Equal(one.Text("key_schedule_context"), Convert.ToHexStringLower(context));
            if (aead == ushort.MaxValue)
            {
                continue; // export only: there is no key
            }
            var key = new byte[one.Hex("key").Length];
            var nonce = new byte[one.Hex("base_nonce").Length];
            HpkeKeySchedule.Derive(aead, shared, one.Hex("info"), key, nonce);
            Assert.Equal(one.Text("key"), Convert.ToHexStringLower(key));
            Assert.Equal(one.Text("base_nonce"), Convert.ToHexStringLower(nonce));
        }
    }

    [Fact]
    public void The_public_vectors_encrypt_and_export_as_written()
    {
        var (encryptions, exports) = (0, 0);
        foreach (var one in Vectors.Json("hpke", "dhkem-secp256k1-base.json").EnumerateArray())
        {
            var aead = (ushort)Number(one, "aead_id");
            var sequence = 0;
            foreach (var encryption in one.GetProperty("encryptions").EnumerateArray())
            {
                var nonce = one.Hex("base_nonce");
                nonce[^1] ^= (byte)sequence++;
                Assert.Equal(encryption.Text("ct"), Convert.ToHexStringLower(Encrypt(aead, one.Hex("key"), nonce, encryption.Hex("pt"), encryption.Hex("aad"))));
                encryptions++;
            }
            var labels = new HpkeLabels(HpkeKeySchedule.SuiteId(aead));
            foreach (var export in one.GetProperty("exports").EnumerateArray())
            {
                var exported = new byte[export.GetProperty("L").GetInt32()];
                labels.Expand(one.Hex("exporter_secret"), "sec"u8, export.Hex("exporter_context"), exported);
                Assert.Equal(export.Text("exported_value"), Convert.ToHexStringLower(exported));
                exports++;
            }
        }
        Assert.Equal((24, 12), (encryptions, exports));
    }

    [Fact]
    public void Every_envelope_of_the_protocol_vectors_is_made_and_opened_to_the_byte()
    {
        var cases = ProtocolVectors.Find(one => one.Has("wire") && one.Has("recipient_secret"));
        Assert.Equal(11, cases.Count);
        foreach (var one in cases)
        {
            using var recipient = one.Secret("recipient_secret");
            using var ephemeral = one.Secret("ephemeral_secret");
            Assert.Equal(one.Text("recipient_public"), recipient.PublicKey.ToString());
            Assert.Equal("KeyMeld/v1/" + one.Text("purpose"), one.Text("info_text"));
            var wire = HpkeSealer.Seal(ephemeral, recipient.PublicKey, one.Text("purpose"), one.Hex("aad"), one.Hex("plaintext"));
            Assert.Equal(one.Text("wire"), Convert.ToHexStringLower(wire));
            Assert.True(HpkeOpener.TryOpen(recipient, one.Text("purpose"), one.Hex("aad"), wire, out var plaintext));
            using (plaintext)
            {
                Assert.Equal(one.Text("plaintext"), Convert.ToHexStringLower(plaintext.Span));
            }
        }
    }

    [Fact]
    public void Every_envelope_that_must_not_open_does_not()
    {
        Assert.All(ProtocolVectors.MustFail("hpke", 15), one =>
        {
            using var recipient = one.Secret("recipient_secret");
            Assert.False(HpkeOpener.TryOpen(recipient, one.Text("purpose"), one.Hex("aad"), one.Hex("wire"), out _), one.Text("case"));
        });
    }

    [Fact]
    public void Two_seals_of_one_secret_share_no_ephemeral_key()
    {
        using var recipient = SecretKey.Generate();
        var first = HpkeSealer.Seal(recipient.PublicKey, "member-key", [1], new byte[32]);
        var second = HpkeSealer.Seal(recipient.PublicKey, "member-key", [1], new byte[32]);
        Assert.NotEqual(first[1..66], second[1..66]);
        Assert.True(HpkeOpener.TryOpen(recipient, "member-key", [1], first, out var plaintext));
        plaintext.Dispose();
    }

    [Fact]
    public void An_oversized_wire_is_refused_before_anything_is_allocated()
    {
        using var recipient = SecretKey.Generate();
        var wire = new byte[32 * 1024 * 1024];
        wire[0] = 1;
        Assert.False(HpkeOpener.TryOpen(recipient, "member-key", [], wire, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => HpkeSealer.Seal(recipient.PublicKey, "member-key", [], new byte[1025]));
    }

    private static int Number(JsonElement one, string name) => int.Parse(one.GetProperty(name).ToString(), System.Globalization.CultureInfo.InvariantCulture);

    private static string Secret(SecretKey key)
    {
        using var secret = key.Export();
        return Convert.ToHexStringLower(secret.Span);
    }

    private static byte[] Encrypt(ushort aead, byte[] key, byte[] nonce, byte[] plaintext, byte[] aad)
    {
        var sealedPart = new byte[plaintext.Length + 16];
        var ciphertext = sealedPart.AsSpan(0, plaintext.Length);
        var tag = sealedPart.AsSpan(plaintext.Length);
        if (aead == 3)
        {
            if (!ChaCha20Poly1305.IsSupported)
            {
                Assert.Skip("This platform has no ChaCha20-Poly1305, which the protocol does not use.");
            }
            using var chacha = new ChaCha20Poly1305(key);
            chacha.Encrypt(nonce, plaintext, ciphertext, tag, aad);
        }
        else
        {
            using var aes = new AesGcm(key, 16);
            aes.Encrypt(nonce, plaintext, ciphertext, tag, aad);
        }
        return sealedPart;
    }
}
