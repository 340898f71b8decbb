using KeyMeld.Client;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>A member of a <see cref="TestGroup"/> who signs at home: a profile of its own with the verified group in it, and the SDK's own node over it.</summary>
internal sealed class HomeMember : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TimeProvider _time;

    public HomeMember(TestGroup group, int place, TimeProvider time)
    {
        (TestGroup, _time) = (group, time);
        Profile = Profile.Create(Path.Combine(_folder.Path, "home"));
        var member = group.Members[place];
        using var secrets = new SecretBatch();
        secrets.Add(SecretNames.Session(group.Manifest.Digest), group.Secret.Export());
        secrets.Add(SecretNames.Authorisation(group.Manifest.Digest, member.Auth.XOnlyPublicKey), member.Auth.Export());
        secrets.Add(SecretNames.Member(group.Manifest.Digest, member.Key.PublicKey), member.Key.Export());
        Profile.UpdateSecrets(secrets);
        IReadOnlyList<SignedJson> registrations = [.. group.Registrations.Select(registration => SignedJson.Of(registration.Statement))];
        var receipts = group.Enclaves.Select((enclave, index) => Receipt.Sign(group.Roster, index, enclave.StatementKey));
        var record = new GroupRecord
        {
            Version = ProfileLayout.Version,
            Gateway = "https://gateway.example/",
            Group = group.Manifest.Digest,
            IsCreator = false,
            Manifest = SignedJson.Of(group.Manifest.Statement),
            Terms = group.SealedTerms,
            Place = place,
            Registration = registrations[place],
            Formed = new FormedRecord(group.RosterHash, group.Roster.OutputKeys, registrations, [.. receipts.Select(receipt => new ReceiptJson(receipt.Enclave, receipt.Signature))]),
        };
        Profile.GroupRecords.Update(record.Group, _ => record);
        Group = GroupFormation.Load(Profile, record);
        Node = new HomeNode(Profile, Group, time);
    }

    public TestGroup TestGroup { get; }

    public Profile Profile { get; }

    public Group Group { get; }

    public HomeNode Node { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A second process over the same profile.</summary>
    public HomeNode Again() => new(Profile, Group, _time);

    /// <summary>The process ends and another begins.</summary>
    public void Restart()
    {
        Node.Dispose();
        Node = Again();
    }

    public Task<RoundBlobEnvelope> OpenAsync(TestRequest request, int attempt = 1, IEnumerable<SignedStatement>? approvals = null) =>
        Node.OpenAsync(request.Signed.Statement, request.SealedItems, [.. approvals ?? request.Approvals], attempt, Cancellation);

    public Task<RoundBlobEnvelope> SignAsync(TestRequest request, IReadOnlyList<RoundBlobEnvelope> round1, int attempt = 1, IEnumerable<SignedStatement>? approvals = null) =>
        Node.SignAsync(request.Digest, attempt, round1, [.. approvals ?? request.Approvals], Cancellation);

    public void Dispose()
    {
        Node.Dispose();
        Profile.Dispose();
        _folder.Dispose();
    }
}
