using System.Net.Sockets;

namespace KeyMeld.DevKit.Stack;

/// <summary>The gateways of a stack: one at the public URL, or several on one database behind it, each at a port of its own.</summary>
public sealed partial class DevelopmentStack
{
    private Balancer? balancer;

    /// <summary>Where each gateway answers by itself.</summary>
    public IReadOnlyList<Uri> Gateways { get; private set; } = [];

    private IEnumerable<string> GatewayNames => Enumerable.Range(0, options.Gateways).Select(GatewayNameOf);

    /// <summary>Starts every gateway.</summary>
    public Task StartGatewayAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, options.Gateways).Select(number => StartGatewayAsync(number, cancellationToken)));

    /// <summary>Starts one of several gateways.</summary>
    /// <param name="number">From 0.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task StartGatewayAsync(int number, CancellationToken cancellationToken) => StartAsync(
        GatewayNameOf(number), "KeyMeld.Gateway", ["--config", options.GatewayConfiguration is { } file ? Path.GetFullPath(file) : Layout.GatewayConfigurationOf(number)], gatewayEnvironment, cancellationToken);

    /// <summary>SIGKILL to every gateway.</summary>
    public Task KillGatewayAsync() => KillAsync([.. GatewayNames]);

    /// <summary>SIGKILL to one of several gateways.</summary>
    /// <param name="number">From 0.</param>
    public Task KillGatewayAsync(int number) => KillAsync([GatewayNameOf(number)]);

    private static string GatewayNameOf(int number) => number == 0 ? GatewayName : FormattableString.Invariant($"{GatewayName}-{number + 1}");

    /// <exception cref="StackException">Several gateways have no common database, or the port is somebody's.</exception>
    private void PlaceGateways()
    {
        if (options.Gateways == 1)
        {
            Gateways = [Gateway];
            return;
        }
        if (options.Postgres is null || options.GatewayConfiguration is not null)
        {
            throw new StackException("Several gateways need the generated configuration and one database: --storage postgres.", "stack");
        }
        Gateways = [.. Enumerable.Range(0, options.Gateways).Select(_ => new Uri($"http://127.0.0.1:{FreePort.Next()}"))];
        try
        {
            balancer = new Balancer(options.Port, [.. Gateways]);
        }
        catch (SocketException exception)
        {
            throw new StackException($"Port {options.Port} cannot be used: {exception.Message}. Choose another with --port.", "stack", exception);
        }
    }
}
