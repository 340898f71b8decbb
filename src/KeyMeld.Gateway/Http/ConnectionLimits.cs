using System.Collections.Immutable;
using System.Net;
using KeyMeld.Gateway.Configuration;
using Microsoft.AspNetCore.Connections;

namespace KeyMeld.Gateway.Http;

/// <summary>Connections of clients, altogether and of one address, counted before TLS. Named proxies speak for many; only the whole binds them. Operators have places of their own.</summary>
internal sealed class ConnectionLimits(LimitSettings limits, ImmutableArray<IPNetwork> proxies)
{
    private const int Operators = 64;

    private readonly Places<UInt128> _clients = new(limits.Connections, limits.ConnectionsPerAddress);
    private readonly Places<UInt128> _operators = new(Operators, Operators);

    public ConnectionDelegate Clients(ConnectionDelegate next) => connection =>
    {
        var address = AddressOf(connection);
        long? most = address is not null && Networks.Have(proxies, address) ? limits.Connections : null;
        return AdmitAsync(connection, next, _clients.TryTake(Caller.Of(address), most: most));
    };

    public ConnectionDelegate OfOperators(ConnectionDelegate next) => connection => AdmitAsync(connection, next, _operators.TryTake(Caller.Of(AddressOf(connection))));

    private static IPAddress? AddressOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address;

    private static async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next, IDisposable? place)
    {
        using (place)
        {
            if (place is null)
            {
                connection.Abort();
                return;
            }
            await next(connection);
        }
    }
}
