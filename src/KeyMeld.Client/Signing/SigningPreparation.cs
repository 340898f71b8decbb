using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>Makes requests and stores them before anybody sees them.</summary>
internal sealed class SigningPreparation(EnclaveVerifier verifier, Profile profile, TimeProvider time)
{
    public async Task<IReadOnlyList<PreparedRequest>> PrepareAsync(
        IReadOnlyList<(Group Group, IReadOnlyList<SigningContent> Contents)> asked, RequestOptions options, CancellationToken cancellationToken)
    {
        var requests = new PreparedRequest[asked.Count];
        var records = new Dictionary<Hash32, GroupRecord>();
        foreach (var places in asked.Index().GroupBy(one => one.Item.Group))
        {
            var record = records[places.Key.Id] = RecordOf(places.Key);
            using var session = profile.GetSession(record.Group);
            using var requester = options.AsCreator ? profile.GetCreator(record) : profile.GetAuthorisation(record);
            foreach (var (place, one) in places)
            {
                requests[place] = RequestBuilder.Build(one.Group, one.Contents, options, session, requester, UnixTime.Now(time));
            }
        }
        await verifier.VerifyAsync(requests.SelectMany(request => RequestCheck.HostsOf(request.Request)).Distinct(), cancellationToken).ConfigureAwait(false);
        foreach (var (request, one) in options.Recorded ? requests.Zip(asked) : [])
        {
            Store(records[one.Group.Id], request, one.Contents);
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

    private GroupRecord RecordOf(Group group)
    {
        var record = profile.GroupRecords.Get(group.Id);
        if (record.Formed?.Roster != group.RosterHash || GroupFormation.PlaceOf(record) != group.MyIndex)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "The group was loaded with another profile; load it with this one.");
        }
        return group.SignUntil < time.GetUtcNow()
            ? throw new KeyMeldException(ErrorCodes.SigningClosed, "The group's time to sign is over.")
            : record;
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
