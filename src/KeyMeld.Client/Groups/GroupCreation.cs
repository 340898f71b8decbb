// protocol.md section 5, "Creator".
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>Makes a group: enclaves verified, keys drawn, manifest signed, everything stored, then posted.</summary>
internal sealed class GroupCreation(GatewayTransport transport, EnclaveOperations enclaves, Profile profile, TimeProvider time)
{
    public async Task<Hash32> CreateAsync(GroupPlan plan, CancellationToken cancellationToken)
    {
        GroupPlanRules.Check(plan);
        var hosts = await VerifyHostsAsync(plan, cancellationToken).ConfigureAwait(false);
        using var keys = DrawnKeys.For(plan);
        using var session = SessionSecret.Generate();
        var subsets = plan.Subsets.Select(subset => (Id: subset.Id ?? Id16.Random(), subset.Members, subset.Tweaks)).ToList();
        var terms = new Terms { Label = plan.Label, Tweaks = plan.Tweaks, Subsets = subsets.ToDictionary(subset => subset.Id, subset => subset.Tweaks) };
        var termsBytes = terms.Encode();
        var manifest = StatementSigner.Sign(
            new Manifest
            {
                Created = UnixTime.Now(time),
                JoinBy = plan.JoinBy?.ToUnixTimeMilliseconds(),
                SignUntil = plan.SignUntil?.ToUnixTimeMilliseconds(),
                Creator = keys.Creator.XOnlyPublicKey,
                CreatorRequests = plan.CreatorRequests,
                Unattended = plan.Unattended,
                Enclaves = [.. hosts.Select(host => new EnclaveKeys(host.Newest.Key, host.Newest.Sign, host.Newest.Epoch, host.Number))],
                Participants = GroupPlanRules.Assign(plan, hosts, keys.Admissions),
                Subsets = [.. subsets.Select(subset => new Subset(subset.Id, [.. subset.Members.Order()]))],
                Approvals = GroupPlanRules.Approvals(plan),
                Terms = TermsEnvelope.Commit(session, termsBytes),
            },
            keys.Creator);
        var record = MakeRecord(plan, manifest, TermsEnvelope.Seal(session, manifest.Digest, termsBytes), session);
        Store(record, keys, session);
        try
        {
            await PostAsync(record, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (GatewayRefusal.IsFinal(error))
        {
            Forget(record);
            throw;
        }
        return record.Group;
    }

    /// <summary>Posts a stored group, the same bytes each time.</summary>
    public async Task PostAsync(GroupRecord record, CancellationToken cancellationToken)
    {
        var blobs = record.SessionSecrets ?? throw new KeyMeldException(ErrorCodes.AlreadyFormed, $"The group {record.Group} is formed.");
        var body = ProtocolJson.Utf8(new KeygenRequestJson(record.Manifest, record.Terms, blobs), ProtocolJson.Default.KeygenRequestJson);
        var call = new GatewayCall<KeygenCreatedJson>(HttpMethod.Post, GatewayTargets.Keygen, ProtocolJson.Default.KeygenCreatedJson) { Body = body };
        var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        if (answer.Group != record.Group)
        {
            throw GatewayAnswer.Invalid($"it names the group {answer.Group}, not {record.Group}");
        }
    }

    private async Task<IReadOnlyList<VerifiedEnclave>> VerifyHostsAsync(GroupPlan plan, CancellationToken cancellationToken)
    {
        var numbers = plan.Enclaves;
        if (numbers is null)
        {
            var listed = await enclaves.ListAsync(cancellationToken).ConfigureAwait(false);
            // Enclaves that host nobody would only be more holders of the session secret; one has to combine, also where everybody signs at home.
            var hosted = Math.Clamp(plan.Participants.Count(participant => !participant.AtHome), 1, Limits.Enclaves);
            numbers = [.. listed.Where(enclave => enclave.State == "ready").Select(enclave => enclave.Number).Order().Take(hosted)];
            numbers = [.. numbers.Union(plan.Participants.Select(participant => participant.Enclave).OfType<int>())];
        }
        if (numbers.Count == 0)
        {
            throw new KeyMeldException(ErrorCodes.Unavailable, "The gateway has no enclave that is ready.");
        }
        return await Task.WhenAll(numbers.Select(number => enclaves.VerifyAsync(number, cancellationToken))).ConfigureAwait(false);
    }

    private GroupRecord MakeRecord(GroupPlan plan, Signed<Manifest> manifest, byte[] terms, SessionSecret session)
    {
        var own = plan.Participants.Index().FirstOrDefault(participant => participant.Item.IsOwn, (-1, null!)).Index;
        return new GroupRecord
        {
            Version = ProfileLayout.Version,
            Gateway = transport.Gateway.AbsoluteUri,
            Group = manifest.Digest,
            Label = plan.Label,
            IsCreator = true,
            Manifest = SignedJson.Of(manifest.Statement),
            Terms = terms,
            SessionSecrets =
            [
                .. manifest.Value.Enclaves.Select((enclave, index) => SessionSecretEnvelope.Seal(enclave.Key, manifest.Digest, index, session)),
            ],
            Names = [.. plan.Participants.Select(participant => participant.Name)],
            Place = own < 0 ? null : own,
        };
    }

    private void Store(GroupRecord record, DrawnKeys keys, SessionSecret session)
    {
        using var secrets = new SecretBatch();
        secrets.Add(SecretNames.Session(record.Group), session.Export());
        secrets.Add(SecretNames.Creator(record.Group), keys.Creator.Export());
        foreach (var (place, key) in keys.Drawn)
        {
            secrets.Add(place == record.Place ? SecretNames.Admission(record.Group) : SecretNames.Invited(record.Group, place), key.Export());
        }
        profile.UpdateSecrets(secrets);
        profile.GroupRecords.Update(record.Group, _ => record);
    }

    private void Forget(GroupRecord record)
    {
        profile.GroupRecords.Delete(record.Group);
        profile.RemoveSecrets(name => name.StartsWith($"{record.Group}/", StringComparison.Ordinal));
    }
}
