using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Client.Support;

/// <summary>A group with what its enclaves know of it.</summary>
internal sealed class FakeGroup(Signed<Manifest> manifest, byte[] terms, SessionSecret session)
{
    public Signed<Manifest> Manifest => manifest;

    public byte[] Terms => terms;

    public SessionSecret Session => session;

    public SignedJson?[] Registrations { get; } = new SignedJson?[manifest.Value.Participants.Count];

    public SecretKey?[] Members { get; } = new SecretKey?[manifest.Value.Participants.Count];

    public RegistrationVerifier Verifier { get; } = new(manifest, session);

    public Roster? Roster { get; set; }

    public IReadOnlyList<Receipt> Receipts { get; set; } = [];

    public string State { get; set; } = "joining";
}

internal sealed partial class FakeGateway
{
    public FakeEnclave Host(EnclaveKeys entry) => Enclaves.Single(enclave => enclave.Number == entry.Id);

    /// <summary>What the enclaves do when the last member joined.</summary>
    public void Form(FakeGroup group)
    {
        group.Roster = Roster.Verify(group.Manifest, group.Terms, group.Session, [.. group.Registrations.Select(registration => registration!.ToStatement())]);
        group.Receipts = [.. group.Manifest.Value.Enclaves.Select((enclave, index) => Receipt.Sign(group.Roster, index, Host(enclave).StatementOf(enclave.Key)))];
        group.State = "formed";
    }

    private HttpResponseMessage CreateGroup(SeenCall call)
    {
        var body = JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.KeygenRequestJson)!;
        var manifest = Signed.ParseManifest(body.Manifest.ToStatement());
        if (!Groups.TryGetValue(manifest.Digest, out var group))
        {
            SessionSecret session = null!;
            foreach (var (index, enclave) in manifest.Value.Enclaves.Index())
            {
                session = SessionSecretEnvelope.Open(Host(enclave).IdentityOf(enclave.Key), manifest.Digest, index, body.SessionSecrets[index]);
                TermsEnvelope.Open(manifest, session, body.Terms);
            }
            group = new FakeGroup(manifest, body.Terms, session);
            Groups.Add(manifest.Digest, group);
        }
        return Send(new KeygenCreatedJson(manifest.Digest, group.State), ProtocolJson.Default.KeygenCreatedJson, 201);
    }

    private HttpResponseMessage ShowGroup(SeenCall call, FakeGroup group, XOnlyPublicKey? reader)
    {
        RequireReader(group, reader);
        Hold(call, () => group.State != "joining");
        var receipts = group.Receipts.Select(receipt => new ReceiptJson(receipt.Enclave, receipt.Signature)).ToList();
        var answer = new KeygenJson(group.Manifest.Digest, group.State, SignedJson.Of(group.Manifest.Statement), group.Terms, [.. group.Registrations], receipts);
        return Send(answer, ProtocolJson.Default.KeygenJson);
    }

    private HttpResponseMessage ChangeGroup(SeenCall call, FakeGroup group, string action)
    {
        if (action == "participants")
        {
            Join(group, JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.RegistrationRequestJson)!);
        }
        else
        {
            var erase = Signed.Read<Erase>(JsonSerializer.Deserialize(call.Body, ProtocolJson.Default.SignedJson)!.ToStatement());
            var signer = erase.Value.User is { } user ? group.Verifier.Members.Single(member => member?.User == user)!.Auth : group.Manifest.Value.Creator;
            erase.Verify(ErrorCodes.NotFound, signer);
            if (erase.Value.User is null)
            {
                group.State = group.State == "formed" ? throw new KeyMeldException(ErrorCodes.AlreadyFormed, "It is formed.") : "erased";
            }
        }
        return Send(new StateJson(group.State), ProtocolJson.Default.StateJson, action == "participants" ? 201 : 200);
    }

    private void Join(FakeGroup group, RegistrationRequestJson body)
    {
        var place = PublicRegistration.Verify(group.Manifest, body.Registration.ToStatement()).Index;
        if (group.Registrations[place] is { } taken)
        {
            if (!taken.Statement.AsSpan().SequenceEqual(body.Registration.Statement))
            {
                throw new KeyMeldException(ErrorCodes.SlotTaken, "The place is taken.");
            }
            return;
        }
        RegistrationVerifier.CheckJoinBy(group.Manifest.Value, clock.GetUtcNow().ToUnixTimeMilliseconds());
        var member = group.Verifier.Admit(body.Registration.ToStatement());
        var enclave = group.Manifest.Value.Enclaves[member.Enclave!.Value];
        group.Members[place] = MemberEnvelope.Open(Host(enclave).IdentityOf(enclave.Key), member, body.Envelope);
        group.Registrations[place] = body.Registration;
        if (group.Registrations.All(registration => registration is not null))
        {
            Form(group);
        }
    }

    private static void RequireReader(FakeGroup group, XOnlyPublicKey? reader)
    {
        var readers = group.Manifest.Value.Participants.Select(participant => participant.Admission).Append(group.Manifest.Value.Creator).Concat(group.Verifier.Members.OfType<RosterMember>().Select(member => member.Auth));
        if (reader is null || !readers.Contains(reader))
        {
            throw new KeyMeldException(ErrorCodes.NotFound, "There is no such group.");
        }
    }
}
