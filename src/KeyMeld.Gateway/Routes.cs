using KeyMeld.Gateway.Dashboard;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Keys;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Operators;
using KeyMeld.Gateway.Signing;
using KeyMeld.Gateway.Telemetry.Export;

namespace KeyMeld.Gateway;

/// <summary>Every call of protocol.md section 9, and who answers it.</summary>
internal static class Routes
{
    private const string Api = "/api/v1";

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts, CancellationToken stopping)
    {
        routes.MapGet(Api + "/enclaves", new ListEnclaves(parts).HandleAsync).WithMetadata(ListEnclaves.Operation);
        routes.MapGet(Api + "/enclaves/{id}/identity", new ShowIdentity(parts).HandleAsync).WithMetadata(ShowIdentity.Operation);

        routes.MapPost(Api + "/keygen", new CreateGroup(parts).HandleAsync).WithMetadata(CreateGroup.Operation);
        routes.MapGet(Api + "/keygen/{group}", new ShowGroup(parts).HandleAsync).WithMetadata(ShowGroup.Operation);
        routes.MapGet(Api + "/keygen/{group}/events", new WatchGroup(parts, stopping).HandleAsync).WithMetadata(WatchGroup.Operation);
        routes.MapPost(Api + "/keygen/{group}/participants", new JoinGroup(parts).HandleAsync).WithMetadata(JoinGroup.Operation);
        routes.MapPost(Api + "/keygen/{group}/make-key", new MakeMemberKey(parts).HandleAsync).WithMetadata(MakeMemberKey.Operation);
        routes.MapPost(Api + "/keygen/{group}/erase", new EraseGroup(parts).HandleAsync).WithMetadata(EraseGroup.Operation);

        routes.MapPost(Api + "/signing", new RequestSigning(parts).HandleAsync).WithMetadata(RequestSigning.Operation);
        routes.MapGet(Api + "/signing/{request}", new ShowSigning(parts).HandleAsync).WithMetadata(ShowSigning.Operation);
        routes.MapGet(Api + "/signing/{request}/events", new WatchSigning(parts, stopping).HandleAsync).WithMetadata(WatchSigning.Operation);
        routes.MapPost(Api + "/signing/{request}/approvals", new DecideSigning(parts).HandleAsync).WithMetadata(DecideSigning.Operation);
        routes.MapPost(Api + "/signing/{request}/cancel", new CancelSigning(parts).HandleAsync).WithMetadata(CancelSigning.Operation);
        routes.MapGet(Api + "/signing/{request}/rounds", new ShowRounds(parts).HandleAsync).WithMetadata(ShowRounds.Operation);
        routes.MapPost(Api + "/signing/{request}/rounds", new TakeRound(parts).HandleAsync).WithMetadata(TakeRound.Operation);

        routes.MapPost(Api + "/operator/enclaves/{id}/retire", new RetireEnclave(parts, routes.ServiceProvider.GetRequiredService<ILogger<RetireEnclave>>()).HandleAsync).WithMetadata(RetireEnclave.Operation);
        routes.MapPost(Api + "/operator/enclaves/{id}/{change}", new ChangeKeys(parts).HandleAsync).WithMetadata(ChangeKeys.Operation);

        routes.MapGet(Api + "/operator/overview", new ShowOverview(parts).HandleAsync).WithMetadata(ShowOverview.Operation);
        routes.MapGet(Api + "/operator/events", new WatchOverview(parts, stopping).HandleAsync).WithMetadata(WatchOverview.Operation);
        foreach (var file in DashboardFiles.All)
        {
            routes.MapMethods(file.Path, [HttpMethods.Get, HttpMethods.Head], new ServeFile(file).HandleAsync).WithMetadata(file);
        }

        routes.MapPost(Api + "/keys", new AddKey(parts).HandleAsync).WithMetadata(AddKey.Operation);
        routes.MapGet(Api + "/keys", new ListKeys(parts).HandleAsync).WithMetadata(ListKeys.Operation);
        routes.MapGet(Api + "/keys/{id}", new ShowKey(parts).HandleAsync).WithMetadata(ShowKey.Operation);
        routes.MapPost(Api + "/keys/{id}/erase", new EraseKey(parts).HandleAsync).WithMetadata(EraseKey.Operation);
        routes.MapPost(Api + "/keys/{id}/sign", new SignWithKey(parts).HandleAsync).WithMetadata(SignWithKey.Operation);

        routes.MapMetrics(parts);

        routes.MapGet(Api + "/health/live", ShowHealth.LiveAsync).WithMetadata(ShowHealth.Live);
        routes.MapGet(Api + "/health/ready", new ShowHealth(parts).ReadyAsync).WithMetadata(ShowHealth.Ready);
        routes.MapGet(Api + "/health/whole", new ShowHealth(parts).WholeAsync).WithMetadata(ShowHealth.Whole);
        routes.MapGet(Api + "/health/detail", new ShowHealth(parts).DetailAsync).WithMetadata(ShowHealth.Detail);

        routes.MapGet("/openapi/v1.json", ShowOpenApi.HandleAsync).WithMetadata(ShowOpenApi.Operation);
        routes.MapGet("/docs", ShowReference.PageAsync).WithMetadata(ShowReference.PageOperation);
        routes.MapGet("/docs/docs.js", ShowReference.StartAsync).WithMetadata(ShowReference.StartOperation);
        routes.MapGet("/docs/scalar.js", ShowReference.LibraryAsync).WithMetadata(ShowReference.LibraryOperation);
    }
}
