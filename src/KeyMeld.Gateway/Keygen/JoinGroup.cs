using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Gateway.Keygen;

/// <summary>POST /keygen/{group}/participants: one registration, checked by the hosting enclave against all accepted before, one at a time.</summary>
internal sealed class JoinGroup(GatewayParts parts)
{
    private const int MostEnvelopeBytes = 256;

    public static readonly Operation Operation = new("joinGroup", Tags.Groups, "Join a group")
    {
        Description = "One registration, signed by the place's admission key (admits) and by the member's authorisation key (consents), with the member secret sealed to its enclave; `envelope` is absent exactly for a "
            + "member that signs at home. The hosting enclave checks it against all accepted before it. An accepted registration never changes.",
        Access = Access.Statement,
        Parameters = [Parameter.Group],
        Body = new Body(ProtocolJson.Default.RegistrationRequestJson, BodyReader.StatementBody),
        Waits = true,
        Replies = [Reply.Created(ProtocolJson.Default.StateJson, "Joined."), Reply.Ok(ProtocolJson.Default.StateJson, "This registration was posted before.")],
        Errors =
        [
            .. Refusals.OfEnclave, .. Refusals.OfClock, ErrorCodes.JoinClosed, ErrorCodes.SlotTaken, ErrorCodes.RegistrationInvalid, ErrorCodes.ProofOfPossessionInvalid, ErrorCodes.KeyReused,
            ErrorCodes.EnvelopeUnreadable, ErrorCodes.EnvelopeMismatch, ErrorCodes.SessionSecretUnreadable, ErrorCodes.TermsMismatch, ErrorCodes.ManifestInvalid, ErrorCodes.Erased,
        ],
    };

    private readonly KeyedGate<Hash32> _oneAtATime = new(1);

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "group");
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.RegistrationRequestJson, BodyReader.StatementBody)).Value;
        var statement = body.Registration.ToStatement();
        var read = Signed.Read<Registration>(statement);
        if (await parts.Groups.FindAsync(hash) is not { } group)
        {
            throw await RefuseAbsentAsync(hash, read, statement);
        }
        // What has no place in the group is refused before its signatures are looked at; not so what is for no group.
        var registration = HasPlace(group, read.Value) ? Verify(group, statement) : throw EqualTime.Refuse(read, read.Value.Auth);
        var isNew = IsNew(group, registration);
        if (isNew && group.State == GroupState.Joining)
        {
            // Who is invited makes as many authorisation keys as it likes; the place's key is one.
            parts.Limits.Key(registration.Place.Admission);
        }
        using var wait = Waits.Begin(parts, context, parts.GroupNews, hash);
        isNew = isNew && await AddAsync(hash, registration, body.Envelope, context.RequestAborted);
        var state = (await parts.Groups.FindAsync(hash))?.State ?? GroupState.Erased;
        if (state == GroupState.Joining && wait is not null && await wait.UntilAsync(news => news.State != GroupState.Joining, context.RequestAborted) is { } news)
        {
            state = news.State;
        }
        await Answers.JsonAsync(context, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, new StateJson(state.Word()), ProtocolJson.Default.StateJson);
    }

    // The manifest of an erased group is gone, so that only a registration it knew is recognised.
    private async Task<KeyMeldException> RefuseAbsentAsync(Hash32 group, Unverified<Registration> read, SignedStatement statement)
    {
        var absent = EqualTime.Refuse(read, read.Value.Auth);
        return await parts.GroupStore.FindAsync(group) is { State: GroupState.Erased } erased && erased.Registrations.Any(row => row.StatementHash == statement.Hash)
            ? new KeyMeldException(ErrorCodes.Erased, "This group was erased.")
            : absent;
    }

    private static bool HasPlace(GroupView group, Registration registration) => registration.Manifest == group.Hash && group.PlaceOf(registration.User) is { } place
        && (registration.Source == KeySource.Home) == (group.Manifest.Value.Participants[place].Enclave is null);

    private static PublicRegistration Verify(GroupView group, SignedStatement statement)
    {
        try
        {
            return PublicRegistration.Verify(group.Manifest, statement);
        }
        catch (KeyMeldException refusal) when (refusal.Code == ErrorCodes.RegistrationInvalid)
        {
            throw Answers.Absent();
        }
    }

    /// <summary>False where this very registration is there already.</summary>
    private static bool IsNew(GroupView group, PublicRegistration registration) => group.RowOf(registration.Index) switch
    {
        null => true,
        var row when row.StatementHash == registration.Statement.Hash => false,
        _ => throw new KeyMeldException(ErrorCodes.SlotTaken, "Another registration stands in this place."),
    };

    private async Task<bool> AddAsync(Hash32 hash, PublicRegistration registration, byte[]? envelope, CancellationToken aborted)
    {
        using var turn = await _oneAtATime.TakeAsync(hash, aborted);
        // Once for each registration that another gateway may admit in between.
        for (var tries = 0; tries <= Limits.Participants; tries++)
        {
            var group = await parts.Groups.FindAsync(hash) ?? throw new KeyMeldException(ErrorCodes.Erased, "This group was erased.");
            if (!IsNew(group, registration))
            {
                return false;
            }
            Check(group, registration.Value, envelope);
            await CheckAtEnclaveAsync(group, registration, envelope, aborted);
            var row = new StoredRegistration(registration.Index, registration.Statement.Hash, StoredStatement.From(registration.Statement.Statement), envelope);
            if (await parts.GroupStore.AddRegistrationAsync(hash, group.Accepted, row, registration.Value.Auth.Bytes.ToArray(), completes: group.Accepted + 1 == group.Members.Length))
            {
                parts.GroupRunner.Changed(hash);
                parts.Telemetry.MemberJoined();
                return true;
            }
            parts.Groups.Forget(hash);
        }
        throw new KeyMeldException(ErrorCodes.Unavailable, "Too many register in this group at once.");
    }

    private static void Check(GroupView group, Registration registration, byte[]? envelope)
    {
        if (group.State != GroupState.Joining)
        {
            throw group.State == GroupState.Formed
                ? new KeyMeldException(ErrorCodes.AlreadyFormed, "The group is formed.")
                : new KeyMeldException(ErrorCodes.JoinClosed, $"The group is {group.State.Word()}.");
        }
        if (registration.Source == KeySource.Home)
        {
            RefuseEnvelope(envelope);
            return;
        }
        if (envelope is null || envelope.Length is 0 or > MostEnvelopeBytes)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "envelope must hold the sealed member key.");
        }
        if (Hash32.Sha256(envelope) != registration.Envelope)
        {
            throw new KeyMeldException(ErrorCodes.EnvelopeMismatch, "The envelope is not the one the registration names.");
        }
    }

    private static void RefuseEnvelope(byte[]? envelope)
    {
        if (envelope is not null)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "A key that is kept at home comes without an envelope.");
        }
    }

    private Task<CheckReply> CheckAtEnclaveAsync(GroupView group, PublicRegistration registration, byte[]? envelope, CancellationToken aborted)
    {
        var enclave = registration.Place.Enclave ?? AnyReady(group);
        var check = new UntrustedRegistration
        {
            Keygen = group.KeygenOf(enclave),
            Registration = StoredStatement.From(registration.Statement.Statement).ToWire(),
            Envelope = envelope is null ? Google.Protobuf.ByteString.Empty : Google.Protobuf.UnsafeByteOperations.UnsafeWrap(envelope),
        };
        check.Accepted.AddRange(group.Record.Registrations.Select(row => row.Statement!.ToWire()));
        return parts.Fleet.Get((uint)group.Manifest.Value.Enclaves[enclave].Id).RequireReady().CheckRegistrationAsync(check, aborted);
    }

    /// <summary>A member at home is checked by any enclave of the manifest: one that is ready, the first where none is.</summary>
    private int AnyReady(GroupView group)
    {
        var enclaves = group.Manifest.Value.Enclaves;
        return Enumerable.Range(0, enclaves.Count).FirstOrDefault(index => parts.Fleet.Find((uint)enclaves[index].Id) is { View.IsReady: true });
    }
}
