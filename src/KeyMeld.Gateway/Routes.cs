using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Keys;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Operators;
using KeyMeld.Gateway.Signing;

namespace KeyMeld.Gateway;

/// <summary>Every call of protocol.md section 9, and who answers it.</summary>
internal static class Routes
{
    private const string Api = "/api/v1";

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts, CancellationToken stopping)
    {
        routes.MapGet(Api + "/enclaves", new ListEnclaves(parts).HandleAsync);
        routes.MapGet(Api + "/enclaves/{id}/identity", new ShowIdentity(parts).HandleAsync);

        routes.MapPost(Api + "/keygen", new CreateGroup(parts).HandleAsync);
        routes.MapGet(Api + "/keygen/{group}", new ShowGroup(parts).HandleAsync);
        routes.MapGet(Api + "/keygen/{group}/events", new WatchGroup(parts, stopping).HandleAsync);
        routes.MapPost(Api + "/keygen/{group}/participants", new JoinGroup(parts).HandleAsync);
        routes.MapPost(Api + "/keygen/{group}/make-key", new MakeMemberKey(parts).HandleAsync);
        routes.MapPost(Api + "/keygen/{group}/erase", new EraseGroup(parts).HandleAsync);

        routes.MapPost(Api + "/signing", new RequestSigning(parts).HandleAsync);
        routes.MapGet(Api + "/signing/{request}", new ShowSigning(parts).HandleAsync);
        routes.MapGet(Api + "/signing/{request}/events", new WatchSigning(parts, stopping).HandleAsync);
        routes.MapPost(Api + "/signing/{request}/approvals", new DecideSigning(parts).HandleAsync);
        routes.MapPost(Api + "/signing/{request}/cancel", new CancelSigning(parts).HandleAsync);
        routes.MapGet(Api + "/signing/{request}/rounds", new ShowRounds(parts).HandleAsync);
        routes.MapPost(Api + "/signing/{request}/rounds", new TakeRound(parts).HandleAsync);

        routes.MapPost(Api + "/operator/enclaves/{id}/{change}", new ChangeKeys(parts).HandleAsync);

        routes.MapPost(Api + "/keys", new AddKey(parts).HandleAsync);
        routes.MapGet(Api + "/keys", new ListKeys(parts).HandleAsync);
        routes.MapGet(Api + "/keys/{id}", new ShowKey(parts).HandleAsync);
        routes.MapPost(Api + "/keys/{id}/erase", new EraseKey(parts).HandleAsync);
        routes.MapPost(Api + "/keys/{id}/sign", new SignWithKey(parts).HandleAsync);

        routes.MapGet(Api + "/health/live", ShowHealth.LiveAsync);
        routes.MapGet(Api + "/health/ready", new ShowHealth(parts).ReadyAsync);
        routes.MapGet(Api + "/health/detail", new ShowHealth(parts).DetailAsync);
    }
}
