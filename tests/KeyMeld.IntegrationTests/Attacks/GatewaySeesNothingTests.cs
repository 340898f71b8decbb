using System.Security.Cryptography;
using System.Text;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using Microsoft.Data.Sqlite;

namespace KeyMeld.IntegrationTests.Attacks;

/// <summary>Whoever owns the gateway's machine, with its disk, its logs and its memory, learns neither keys nor messages nor signatures, and cannot test guesses.</summary>
public sealed class GatewaySeesNothingTests(StackFixture fixture) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly TestUser alice = fixture.Stack.NewUser();
    private readonly TestUser bob = fixture.Stack.NewUser();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        alice.Dispose();
        bob.Dispose();
    }

    [Fact]
    public async Task G12_no_key_message_label_or_signature_is_in_the_gateways_database_logs_or_memory()
    {
        var label = $"canary label {Guid.CreateVersion7():N}";
        var content = Encoding.ASCII.GetBytes($"canary content {Guid.CreateVersion7():N}");
        byte[] aliceSecret = Drawn(), bobSecret = Drawn();
        var (group, sessionSecret) = await FormAsync(label, aliceSecret, bobSecret);
        using var adaptorSecret = SecretKey.Generate();
        var reference = await alice.Client.Signings.RequestAsync(
            group, [SigningContent.FromBytes(content), SigningContent.FromBytes((byte[])[.. content, 1]) with { Adaptor = Adaptor.Of(adaptorSecret.PublicKey) }], cancellationToken: Cancel);
        await bob.Client.Signings.ApproveAsync(await bob.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        var outcome = await alice.Client.Signings.WaitAsync(reference, Patience, Cancel);
        var signature = Assert.IsType<SignedItem.Signed>(outcome.Items![0]).Signature;
        var pre = Assert.Single(outcome.PreSignatures);

        var holdings = new GatewayHoldings(fixture.Stack);
        // What the gateway must hold is found, so the search works.
        Assert.NotEmpty(holdings.Find(group.Id.Bytes));
        Assert.NotEmpty(holdings.Find(reference.Request.Bytes));
        Assert.NotEmpty(holdings.Find(group.Members[0].AuthorisationKey.Bytes));
        var secrets = new Dictionary<string, byte[]>
        {
            ["alice's member secret"] = aliceSecret,
            ["bob's member secret"] = bobSecret,
            ["session secret"] = sessionSecret,
            ["label"] = Encoding.UTF8.GetBytes(label),
            ["content"] = content,
            ["message"] = SHA256.HashData(content),
            ["output key"] = group.OutputKey.Bytes.ToArray(),
            ["alice's member key"] = group.Members[0].MemberKey.ToXOnly().Bytes.ToArray(),
            ["bob's member key"] = group.Members[1].MemberKey.ToXOnly().Bytes.ToArray(),
            ["signature"] = signature.Bytes.ToArray(),
            ["first half of the signature"] = signature.Bytes[..32].ToArray(),
            ["second half of the signature"] = signature.Bytes[32..].ToArray(),
            ["adaptor point"] = adaptorSecret.XOnlyPublicKey.Bytes.ToArray(),
            ["nonce of the pre-signature"] = pre.PreSignature.FinalNonceX.ToArray(),
            ["scalar of the pre-signature"] = pre.PreSignature.Scalar.ToArray(),
            ["adapted scalar"] = pre.Adapt(adaptorSecret).Bytes[32..].ToArray(),
        };
        Assert.All(secrets, secret => Assert.True(holdings.Find(secret.Value) is { Count: 0 }, $"{secret.Key} is in {string.Join(", ", holdings.Find(secret.Value))} ({holdings.Size} bytes)"));
    }

    [Fact]
    public async Task G12_no_key_of_one_owner_nor_what_it_signed_is_in_the_gateways_database_logs_or_memory()
    {
        var secret = Drawn();
        using var imported = SecretKey.Import(secret);
        var keys = alice.Client.Keys;
        OwnedKey[] both = [await keys.ImportAsync(imported, cancellationToken: Cancel), await keys.MakeAsync(cancellationToken: Cancel)];
        var found = new Dictionary<string, byte[]> { ["imported secret"] = secret };
        foreach (var key in both)
        {
            var (message, other) = (Drawn(), Drawn());
            var schnorr = await keys.SignBip340Async(key, message, new SingleTweak.Bip86(), cancellationToken: Cancel);
            var ecdsa = await keys.SignEcdsaAsync(key, other, cancellationToken: Cancel);
            found[$"public key, {key.Source}"] = key.PublicKey.ToXOnly().Bytes.ToArray();
            found[$"output key, {key.Source}"] = key.OutputKey(new SingleTweak.Bip86()).Bytes.ToArray();
            found[$"message, {key.Source}"] = message;
            found[$"ECDSA message, {key.Source}"] = other;
            found[$"signature, {key.Source}"] = schnorr.Bytes[..32].ToArray();
            found[$"ECDSA signature, {key.Source}"] = ecdsa.Bytes[..32].ToArray();
        }
        var holdings = new GatewayHoldings(fixture.Stack);
        // What the gateway must hold is found, so the search works.
        Assert.All(both, key => Assert.NotEmpty(holdings.Find(key.Id.Bytes)));
        Assert.All(found, canary => Assert.True(holdings.Find(canary.Value) is { Count: 0 }, $"{canary.Key} is in {string.Join(", ", holdings.Find(canary.Value))} ({holdings.Size} bytes)"));
    }

    [Fact]
    public async Task G21_nothing_the_gateway_holds_confirms_a_candidate_key_from_the_chain()
    {
        var (group, sessionSecret) = await FormAsync("candidates", Drawn(), Drawn());
        var aggregate = KeyAggregation.Aggregate(KeyAggregation.Sort([.. group.Members.Select(member => member.MemberKey)]));
        var holdings = new GatewayHoldings(fixture.Stack);

        // Every key that could be seen on the chain or guessed, in every form, plain, hashed, and under every tag of the protocol: none is there to compare with.
        XOnlyPublicKey[] candidates = [group.OutputKey, aggregate.OutputKey, .. group.Members.Select(member => member.MemberKey.ToXOnly())];
        string[] tags = ["terms", "manifest", "registration", "roster", "loaded", "output-keys", "pop", "round", "identity", "signing-request"];
        foreach (var candidate in candidates)
        {
            foreach (var form in (byte[][])[candidate.Bytes.ToArray(), [2, .. candidate.Bytes], [3, .. candidate.Bytes]])
            {
                Assert.Empty(holdings.Find(form));
                Assert.Empty(holdings.Find(SHA256.HashData(form)));
                Assert.All(tags, tag => Assert.Empty(holdings.Find(TaggedHash.Compute($"KeyMeld/v1/{tag}", form))));
            }
        }

        // A receipt is over the keys and the session secret: with the right keys and any other secret it verifies for nobody.
        var receipts = await ReceiptsAsync(group.Id);
        Assert.Equal(group.Enclaves.Count, receipts.Count);
        foreach (var (enclave, signature) in receipts)
        {
            Assert.True(group.Enclaves[enclave].Sign.Verify(Digest(group, enclave, sessionSecret), signature));
            byte[][] guesses = [new byte[32], group.Id.ToArray(), group.RosterHash.ToArray(), [], Drawn()];
            Assert.All(guesses, guess => Assert.False(group.Enclaves[enclave].Sign.Verify(Digest(group, enclave, guess), signature)));
        }
    }

    private static byte[] Digest(Group group, int enclave, byte[] secret)
    {
        // K = TH("KeyMeld/v1/output-keys", session secret ‖ CBOR [group output key]): an array of one byte string of 32.
        var outputKeys = new Hash32(TaggedHash.Compute("KeyMeld/v1/output-keys", secret, [0x81, 0x58, 0x20, .. group.OutputKey.Bytes]));
        return Receipt.Digest(group.RosterHash, enclave, outputKeys).ToArray();
    }

    private static byte[] Drawn()
    {
        var bytes = new byte[32];
        SecureRandom.Fill(bytes);
        return bytes;
    }

    private async Task<List<(int Enclave, SchnorrSignature Signature)>> ReceiptsAsync(Hash32 group)
    {
        await using var connection = new SqliteConnection($"Data Source={fixture.Stack.Layout.Database};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT enclave, signature FROM receipts WHERE manifest_hash = $group";
        command.Parameters.AddWithValue("$group", group.ToArray());
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        List<(int, SchnorrSignature)> receipts = [];
        while (await reader.ReadAsync(Cancel))
        {
            receipts.Add((reader.GetInt32(0), SchnorrSignature.Parse((byte[])reader.GetValue(1))));
        }
        return receipts;
    }

    private async Task<(Group Group, byte[] SessionSecret)> FormAsync(string label, byte[] aliceSecret, byte[] bobSecret)
    {
        using var created = await alice.Client.Groups.CreateAsync(new GroupPlan { Label = label, Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("bob")] }, Cancel);
        using var aliceKey = MemberKey.Import(aliceSecret);
        await alice.Client.Groups.JoinAsync(created.Id, aliceKey, cancellationToken: Cancel);
        using var invitation = Invitation.Parse(created.Invitations[0].Invitation.Reveal());
        using var offer = await bob.Client.Groups.InspectAsync(invitation, Cancel);
        using var bobKey = MemberKey.Import(bobSecret);
        await bob.Client.Groups.JoinAsync(offer, bobKey, cancellationToken: Cancel);
        await bob.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
        return (await alice.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel), invitation.Secret.Span.ToArray());
    }
}
