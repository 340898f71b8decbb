using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Keygen;

/// <summary>POST /keygen: a creator's manifest, taken once every listed enclave found its own key in it and opened session secret and terms.</summary>
internal sealed class CreateGroup(GatewayParts parts)
{
    // 1 ‖ 65 ‖ 32 ‖ 16 bytes; the enclave looks closer.
    private const int MostSealedBytes = 256;

    public static readonly Operation Operation = new("createGroup", Tags.Groups, "Create a group")
    {
        Description = "A creator's manifest with the encrypted terms and, for each enclave in the order of the manifest, the session secret sealed to it. Taken once every listed enclave found exactly its own newest key "
            + "in it and opened session secret and terms. Repeating the same manifest answers the group as it is; the blobs beside it are then ignored.",
        Access = Access.Statement,
        Body = new Body(ProtocolJson.Default.KeygenRequestJson, BodyReader.KeygenBody),
        Waits = true,
        Replies = [Reply.Created(ProtocolJson.Default.KeygenCreatedJson, "The group is there and takes registrations."), Reply.Ok(ProtocolJson.Default.KeygenCreatedJson, "This manifest was posted before.")],
        Errors =
        [
            .. Refusals.OfEnclave, ErrorCodes.EpochRetired, ErrorCodes.ManifestInvalid, ErrorCodes.KeyReused, ErrorCodes.SessionSecretUnreadable, ErrorCodes.TermsMismatch, ErrorCodes.JoinClosed, ErrorCodes.Erased,
        ],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.KeygenRequestJson, BodyReader.KeygenBody)).Value;
        var manifest = Signed.ParseManifest(body.Manifest.ToStatement());
        using var wait = Waits.Begin(parts, context, parts.GroupNews, manifest.Digest);
        var isNew = await parts.GroupStore.FindAsync(manifest.Digest) is null && await AddAsync(body, manifest, context.RequestAborted);
        var state = await StateAsync(manifest.Digest, wait, context.RequestAborted);
        var answer = new KeygenCreatedJson(manifest.Digest, state.Word());
        await Answers.JsonAsync(context, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, answer, ProtocolJson.Default.KeygenCreatedJson);
    }

    private async Task<GroupState> StateAsync(Hash32 group, Waiting<GroupNews>? wait, CancellationToken aborted)
    {
        var state = (await parts.GroupStore.FindAsync(group))!.State;
        if (state == GroupState.Erased)
        {
            throw new KeyMeldException(ErrorCodes.Erased, "This group was erased.");
        }
        return state == GroupState.Joining && wait is not null && await wait.UntilAsync(news => news.State != GroupState.Joining, aborted) is { } news ? news.State : state;
    }

    private async Task<bool> AddAsync(KeygenRequestJson body, Signed<Manifest> manifest, CancellationToken aborted)
    {
        Check(body, manifest.Value);
        parts.Limits.Key(manifest.Value.Creator);
        var record = new GroupRecord(manifest.Digest, GroupState.Joining, StoredStatement.From(manifest.Statement), body.Terms, [.. body.SessionSecrets], [], [], null, null, null);
        var view = GroupView.Load(record);
        await Task.WhenAll(manifest.Value.Enclaves.Select((enclave, index) =>
            parts.Fleet.Get((uint)enclave.Id).RequireReady().CheckKeygenAsync(view.KeygenOf(index), aborted)).ToList());
        var added = await parts.GroupStore.AddAsync(new NewGroup(
            manifest.Digest, record.Manifest!, body.Terms, record.SessionSecrets, manifest.Value.JoinBy, parts.NowMs,
            [manifest.Value.Creator.Bytes.ToArray(), .. manifest.Value.Participants.Select(participant => (ReadOnlyMemory<byte>)participant.Admission.Bytes.ToArray())]));
        if (added)
        {
            parts.GroupRunner.Changed(manifest.Digest);
        }
        return added;
    }

    private void Check(KeygenRequestJson body, Manifest manifest)
    {
        if (body.SessionSecrets.Count != manifest.Enclaves.Count || body.SessionSecrets.Any(secret => secret.Length is 0 or > MostSealedBytes))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "session_secrets must hold one HPKE blob for each enclave, in the order of the manifest.");
        }
        if (body.Terms.Length is 0 or > Limits.TermsBytes + 64)
        {
            throw new KeyMeldException(ErrorCodes.LimitExceeded, $"The terms are empty or over {Limits.TermsBytes} bytes.");
        }
        if (manifest.JoinBy < parts.NowMs)
        {
            throw new KeyMeldException(ErrorCodes.JoinClosed, "The time to join is over already.");
        }
    }
}
