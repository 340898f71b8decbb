using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Creating, joining, checking and erasing groups (protocol.md sections 5 and 8).</summary>
public sealed class GroupOperations
{
    private const int ShortestPrefix = 8;
    private readonly GatewayTransport _transport;
    private readonly Profile _profile;
    private readonly TimeProvider _time;
    private readonly GroupCreation _creation;
    private readonly GroupInspection _inspection;
    private readonly GroupJoining _joining;

    internal GroupOperations(GatewayTransport transport, EnclaveOperations enclaves, EnclaveVerifier verifier, Profile profile, TimeProvider time)
    {
        (_transport, _profile, _time) = (transport, profile, time);
        _creation = new GroupCreation(transport, enclaves, profile, time);
        _inspection = new GroupInspection(transport, verifier, profile);
        _joining = new GroupJoining(transport, verifier, profile, time);
    }

    /// <summary>Verifies the enclaves, draws the session secret and the admission keys, signs the manifest, stores all that and posts it. The creator's own place is joined separately.</summary>
    /// <param name="plan">What is wanted.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <returns>The group's name and the invitations; dispose it.</returns>
    /// <exception cref="KeyMeldException"><c>manifest_invalid</c>, <c>attestation_invalid</c>, <c>enclave_changed</c>, or what the gateway answered.</exception>
    public async Task<CreatedGroup> CreateAsync(GroupPlan plan, CancellationToken cancellationToken = default) =>
        Invitations(await _creation.CreateAsync(plan, cancellationToken).ConfigureAwait(false));

    /// <summary>Posts a created group again, byte for byte: after a lost answer (<c>gateway_unreachable</c> while creating; <see cref="List"/> shows the group).</summary>
    /// <exception cref="KeyMeldException">What the gateway answered.</exception>
    public Task ResumeCreateAsync(Hash32 group, CancellationToken cancellationToken = default) => _creation.PostAsync(Created(group), cancellationToken);

    /// <summary>The invitations of a group this profile created, until the group is formed. Dispose the answer.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: this profile did not create it; <c>already_formed</c>.</exception>
    public CreatedGroup Invitations(Hash32 group)
    {
        var record = Created(group);
        if (record.Formed is not null)
        {
            throw new KeyMeldException(ErrorCodes.AlreadyFormed, "Everybody has joined; there is nobody left to invite.");
        }
        return InvitationIssue.Issue(_profile, record);
    }

    /// <summary>Fetches and verifies what an invitation leads to, and nothing more: no secret leaves this machine.</summary>
    /// <param name="invitation">The invitation; it stays the caller's.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <returns>What is on offer; dispose it.</returns>
    /// <exception cref="KeyMeldException"><c>invitation_invalid</c>, <c>terms_mismatch</c>, <c>manifest_invalid</c>, <c>attestation_invalid</c>, <c>enclave_changed</c>, <c>slot_taken</c>, …</exception>
    public Task<GroupOffer> InspectAsync(Invitation invitation, CancellationToken cancellationToken = default) => _inspection.InspectAsync(invitation, cancellationToken);

    /// <summary>The same for the creator's own place in a group it created.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: this profile has no place of its own there; and as above.</exception>
    public Task<GroupOffer> InspectAsync(Hash32 group, CancellationToken cancellationToken = default) => _inspection.InspectAsync(group, cancellationToken);

    /// <summary>Joins: verifies the enclaves once more, seals the member key to its enclave, stores the registration, then posts it.</summary>
    /// <param name="offer">What was shown and is accepted herewith.</param>
    /// <param name="key">The member key; it stays the caller's.</param>
    /// <param name="options">What else is accepted.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <exception cref="KeyMeldException">
    /// <c>slot_taken</c>: an alarm; <c>unsupported</c>: an unusual offer not accepted in <paramref name="options"/>; <c>conflict</c>: joined already; <c>epoch_retired</c>, <c>join_closed</c>, …
    /// </exception>
    public async Task<GroupStatus> JoinAsync(GroupOffer offer, MemberKey key, JoinOptions? options = null, CancellationToken cancellationToken = default)
    {
        await _joining.JoinAsync(offer, key, options ?? new JoinOptions(), cancellationToken).ConfigureAwait(false);
        return await StatusAsync(offer.Group, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Inspects and joins the creator's own place in one go.</summary>
    /// <inheritdoc cref="JoinAsync(GroupOffer, MemberKey, JoinOptions?, CancellationToken)"/>
    public async Task<GroupStatus> JoinAsync(Hash32 group, MemberKey key, JoinOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var offer = await InspectAsync(group, cancellationToken).ConfigureAwait(false);
        return await JoinAsync(offer, key, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Posts the stored registration of a group again, byte for byte: after a lost answer.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: never joined; <c>slot_taken</c>; or what the gateway answered.</exception>
    public async Task<GroupStatus> ResumeJoinAsync(Hash32 group, CancellationToken cancellationToken = default)
    {
        await _joining.PostAsync(_profile.GroupRecords.Get(group), cancellationToken).ConfigureAwait(false);
        return await StatusAsync(group, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How far a group is, as the gateway says.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>, or what the gateway answered.</exception>
    public async Task<GroupStatus> StatusAsync(Hash32 group, CancellationToken cancellationToken = default)
    {
        KeygenJson answer;
        try
        {
            answer = await FetchAsync(_profile.GroupRecords.Get(group), 0, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (error.Code == ErrorCodes.Erased)
        {
            return new GroupStatus(group, GroupState.Erased, [], null);
        }
        return new GroupStatus(group, KeygenFetch.State(answer.State), [.. answer.Registrations.Select(registration => registration is not null)], KeygenFetch.Error(answer));
    }

    /// <summary>Waits until the group is formed, then verifies it and keeps its record.</summary>
    /// <param name="group">Manifest hash.</param>
    /// <param name="timeout">How long; without end when null.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="KeyMeldException"><c>roster_mismatch</c>, <c>receipt_invalid</c>, <c>slot_taken</c>: alarms; <c>still_pending</c>; <c>erased</c>; <c>join_closed</c>; …</exception>
    public Task<Group> WaitUntilFormedAsync(Hash32 group, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        new Waiting(_time, timeout).UntilAsync(async (wait, cancel) =>
        {
            var record = _profile.GroupRecords.Get(group);
            var answer = await FetchAsync(record, wait, cancel).ConfigureAwait(false);
            KeygenFetch.RequireAlive(answer);
            return KeygenFetch.State(answer.State) == GroupState.Formed ? GroupFormation.Accept(_profile, record, answer) : null;
        }, cancellationToken);

    /// <summary>Fetches the group now, verifies it whole and compares it with the record: another roster than recorded is <c>roster_mismatch</c>.</summary>
    /// <exception cref="KeyMeldException"><c>group_not_formed</c>; <c>roster_mismatch</c>, <c>receipt_invalid</c>, <c>slot_taken</c>: alarms; …</exception>
    public async Task<Group> VerifyAsync(Hash32 group, CancellationToken cancellationToken = default)
    {
        var record = _profile.GroupRecords.Get(group);
        var answer = await FetchAsync(record, 0, cancellationToken).ConfigureAwait(false);
        KeygenFetch.RequireAlive(answer);
        return KeygenFetch.State(answer.State) == GroupState.Formed
            ? GroupFormation.Accept(_profile, record, answer)
            : throw new KeyMeldException(ErrorCodes.GroupNotFormed, "Not everybody has joined yet.");
    }

    /// <summary>The verified group from the profile, recomputed from the stored statements; no call.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>, <c>group_not_formed</c>: not verified yet, <c>profile_invalid</c>.</exception>
    public Group Load(Hash32 group) => GroupFormation.Load(_profile, _profile.GroupRecords.Get(group));

    /// <summary>The member key that this profile generated for its place in a group, to form the group anew with (protocol.md section 8). Dispose it.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: the profile has no place there, or its key was imported, made by the enclave or erased.</exception>
    public MemberKey KeptKey(Hash32 group)
    {
        var record = _profile.GroupRecords.Get(group);
        var names = _profile.SecretsNamed(SecretNames.Members(group));
        if (record.Formed is not null)
        {
            var loaded = GroupFormation.Load(_profile, record);
            names = loaded.MyIndex is { } place ? [.. names.Where(name => name == SecretNames.Member(group, loaded.Members[place].MemberKey))] : [];
        }
        // Where the group was never seen formed, a second try to join may have left a second key: then nobody knows which.
        var secret = names.Count == 1 ? _profile.FindKey(names[0]) : null;
        return secret is not null
            ? MemberKey.Kept(secret)
            : throw new KeyMeldException(ErrorCodes.NotFound, $"This profile keeps no member key of the group {group}: give the key file you joined with.");
    }

    /// <summary>The groups this profile knows, of all gateways.</summary>
    /// <exception cref="KeyMeldException"><c>profile_invalid</c></exception>
    public IReadOnlyList<GroupSummary> List() => [.. _profile.GroupRecords.List().Select(GroupSummary.Of)];

    /// <summary>Finds one known group by its label, its manifest hash or a prefix of it of at least 8 hex digits.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: none or more than one.</exception>
    public GroupSummary Find(string labelOrId)
    {
        var found = List().Where(group => group.Label == labelOrId
            || (labelOrId.Length >= ShortestPrefix && group.Id.ToString().StartsWith(labelOrId, StringComparison.Ordinal))).ToList();
        return found.Count == 1 ? found[0] : throw new KeyMeldException(ErrorCodes.NotFound, $"{found.Count} groups of this profile are called '{UntrustedText.Show(labelOrId)}'.");
    }

    /// <summary>The creator ends a group that is not formed yet.</summary>
    /// <exception cref="KeyMeldException"><c>already_formed</c>, <c>not_found</c>, or what the gateway answered.</exception>
    public async Task EraseAsync(Hash32 group, CancellationToken cancellationToken = default)
    {
        using var creator = _profile.GetCreator(Created(group));
        await EraseAsync(group, null, creator, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A member of a formed group asks the gateway to erase its own sealed key: the group cannot sign with it any more. An honest gateway does it.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>, <c>group_not_formed</c>, or what the gateway answered.</exception>
    public async Task EraseOwnKeyAsync(Hash32 group, CancellationToken cancellationToken = default)
    {
        var record = _profile.GroupRecords.Get(group);
        using var authorisation = _profile.GetAuthorisation(record);
        var registration = Registration.Parse(record.Registration!.Statement);
        if (registration.Source == KeySource.Home)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "The key of this place is kept in this profile and nowhere else; nobody has to erase it for you.");
        }
        var user = registration.User;
        await EraseAsync(group, user, authorisation, cancellationToken).ConfigureAwait(false);
    }

    private async Task EraseAsync(Hash32 group, Id16? user, SecretKey key, CancellationToken cancellationToken)
    {
        var erase = StatementSigner.Sign(new Erase { Manifest = group, User = user, Created = UnixTime.Now(_time) }, key);
        var body = ProtocolJson.Utf8(SignedJson.Of(erase.Statement), ProtocolJson.Default.SignedJson);
        await _transport.SendAsync(new GatewayCall<StateJson>(HttpMethod.Post, GatewayTargets.EraseGroup(group), ProtocolJson.Default.StateJson) { Body = body }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<KeygenJson> FetchAsync(GroupRecord record, int wait, CancellationToken cancellationToken)
    {
        RequireThisGateway(record.Gateway);
        using var reader = _profile.GetReader(record);
        return await KeygenFetch.GetAsync(_transport, record.Group, reader, wait, cancellationToken).ConfigureAwait(false);
    }

    private GroupRecord Created(Hash32 group)
    {
        var record = _profile.GroupRecords.Get(group);
        RequireThisGateway(record.Gateway);
        return record.IsCreator ? record : throw new KeyMeldException(ErrorCodes.NotFound, $"This profile did not create the group {group}.");
    }

    private void RequireThisGateway(string gateway)
    {
        if (!GatewayAddress.Same(new Uri(gateway), _transport.Gateway))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"The group lives on {gateway}; connect to that gateway.");
        }
    }
}
