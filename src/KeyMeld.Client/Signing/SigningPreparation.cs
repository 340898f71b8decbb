using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>Makes requests and stores them before anybody sees them.</summary>
internal sealed class SigningPreparation(EnclaveVerifier verifier, Profile profile, TimeProvider time)
{
    public async Task<IReadOnlyList<PreparedRequest>> PrepareAsync(
        Group group, IReadOnlyList<IReadOnlyList<SigningContent>> contents, RequestOptions options, CancellationToken cancellationToken)
    {
        var record = profile.GroupRecords.Get(group.Id);
        if (record.Formed?.Roster != group.RosterHash || GroupFormation.PlaceOf(record) != group.MyIndex)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "The group was loaded with another profile; load it with this one.");
        }
        if (group.SignUntil < time.GetUtcNow())
        {
            throw new KeyMeldException(ErrorCodes.SigningClosed, "The group's time to sign is over.");
        }
        var requests = Build(group, record, contents, options);
        await verifier.VerifyAsync(requests.SelectMany(request => RequestCheck.HostsOf(request.Request)).Distinct(), cancellationToken).ConfigureAwait(false);
        foreach (var (request, named) in options.Recorded ? requests.Zip(contents) : [])
        {
            Store(record, request, named);
        }
        return requests;
    }

    public PreparedRequest Resume(Hash32 request)
    {
        var record = profile.SigningRecords.Find(request);
        if (record?.Unposted is not { } items)
        {
            throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has no request {request} that is still to be posted.");
        }
        var group = GroupFormation.Load(profile, profile.GroupRecords.Get(record.Group));
        using var session = profile.GetSession(record.Group);
        var verified = RequestCheck.Verify(group, request, record.Statement.ToStatement(), items, session);
        return new PreparedRequest(new SigningReference(group.Gateway, group.Id, request), verified, items) { MayBePosted = true };
    }

    private List<PreparedRequest> Build(Group group, GroupRecord record, IReadOnlyList<IReadOnlyList<SigningContent>> contents, RequestOptions options)
    {
        using var session = profile.GetSession(group.Id);
        using var requester = options.AsCreator ? profile.GetCreator(record) : profile.GetAuthorisation(record);
        return [.. contents.Select(items => RequestBuilder.Build(group, items, options, session, requester, UnixTime.Now(time)))];
    }

    private void Store(GroupRecord group, PreparedRequest request, IReadOnlyList<SigningContent> contents) =>
        profile.SigningRecords.Update(request.Reference.Request, _ => new SigningRecord
        {
            Version = ProfileLayout.Version,
            Gateway = group.Gateway,
            Group = group.Group,
            Request = request.Reference.Request,
            Statement = SignedJson.Of(request.Request.Request.Statement),
            Requested = true,
            Unposted = request.Sealed,
            Names = [.. contents.Select(content => content.Name)],
        });
}
