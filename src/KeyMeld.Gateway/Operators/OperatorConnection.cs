using Microsoft.AspNetCore.Connections;

namespace KeyMeld.Gateway.Operators;

/// <summary>Marks the connections that came in on the operator's listener; a connection feature, so nothing a caller sends can set it.</summary>
internal sealed class OperatorConnection
{
    public static readonly OperatorConnection Mark = new();

    private OperatorConnection()
    {
    }

    /// <summary>For a listener: sets the mark on each of its connections.</summary>
    public static ConnectionDelegate Set(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(Mark);
        return next(connection);
    };

    public static bool Is(HttpContext context) => context.Features.Get<OperatorConnection>() is not null;
}
