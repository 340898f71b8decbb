using System.Text.Json;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Tests.Protocol;

/// <summary>Section "enclaves" of the protocol vectors.</summary>
public class IdentityVectorTests
{
    private static readonly JsonElement[] Enclaves = [.. ProtocolVectors.Root.GetProperty("enclaves").EnumerateArray()];

    [Fact]
    public void The_statement_key_is_derived_from_the_identity_key()
    {
        Assert.Equal(2, Enclaves.Length);
        Assert.All(Enclaves, enclave =>
        {
            using var identity = enclave.Secret("identity_secret");
            Assert.Equal(enclave.Text("identity_public"), identity.PublicKey.ToString());
            using var statement = StatementKey.Derive(identity);
            Assert.Equal(enclave.Text("statement_public"), statement.XOnlyPublicKey.ToString());
        });
    }

    [Fact]
    public void The_identity_document_says_what_the_vectors_say_and_is_bound_by_user_data()
    {
        Assert.All(Enclaves, enclave =>
        {
            var fields = enclave.GetProperty("identity_fields");
            var document = IdentityDocument.Parse(enclave.Hex("identity"));
            Assert.Equal(fields.Text("kms"), document.Kms);
            Assert.Equal(fields.GetProperty("id").GetInt32(), document.Id);
            Assert.Equal((EnclaveMode.Production, "1.0.0", 1), (document.Mode, document.Software, document.Protocols.Single()));
            Assert.Equal(fields.Text("config"), $"h'{document.Config}'");
            Assert.Equal(fields.Text("boot"), $"h'{document.Boot}'");
            Assert.Equal(enclave.Text("identity_public"), document.Keys[^1].Key.ToString());
            Assert.Equal(enclave.Text("statement_public"), document.Keys[^1].Sign.ToString());
            Assert.Equal(enclave.Text("identity"), Convert.ToHexStringLower(document.Encode()));
            Assert.Equal(enclave.Text("user_data"), IdentityDocument.UserData(enclave.Hex("identity")).ToString());
        });
    }

    [Fact]
    public void The_sealed_identity_key_opens_under_its_data_key_and_aad()
    {
        Assert.All(Enclaves, enclave =>
        {
            var row = enclave.GetProperty("sealed_key");
            var key = enclave.Public("identity_public");
            var aad = SealedKeyAad.Of(Number(enclave), 1, key, row.Text("kms_key_id"), row.Hex("kms_encrypted_dek"));
            Assert.Equal(row.Text("aad"), Convert.ToHexStringLower(aad));
            Assert.Equal(row.Text("encrypted_private_key"), Convert.ToHexStringLower(AesGcmWire.Encrypt(row.Hex("dek"), row.Hex("nonce"), aad, enclave.Hex("identity_secret"))));
            Assert.True(AesGcmWire.TryDecryptSecret(row.Hex("dek"), aad, row.Hex("encrypted_private_key"), out var secret));
            using (secret)
            {
                Assert.Equal(enclave.Text("identity_secret"), Convert.ToHexStringLower(secret.Span));
            }
            var context = KmsContext.Of(Number(enclave), 1, key);
            Assert.Equal(row.GetProperty("encryption_context").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!), context);
        });
    }

    [Fact]
    public void The_user_data_of_documents_for_kms_is_as_the_vectors_have_it()
    {
        var cases = Enclaves.SelectMany(enclave => enclave.GetProperty("kms_user_data").EnumerateArray()).ToArray();
        Assert.Equal(4, cases.Length);
        Assert.All(cases, one =>
        {
            var context = one.GetProperty("context").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!);
            Assert.Equal(one.Text("user_data"), KmsUserData.Of(one.Text("operation"), one.Text("arn"), context, one.Hex("random")).ToString());
        });
    }

    private static int Number(JsonElement enclave) => enclave.At("identity_fields.id").GetInt32();
}
