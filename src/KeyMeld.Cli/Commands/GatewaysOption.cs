using System.CommandLine;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands;

/// <summary><c>--gateways</c>: how many a development stack has.</summary>
internal static class GatewaysOption
{
    public static Option<int> Create() => StackArguments.Bounded("--gateways", "How many gateways share the work (1 to 4), behind one address; more than one with --storage postgres.", 1, 1, 4);

    /// <exception cref="KeyMeldException"><c>bad_request</c>: several have no common database.</exception>
    public static StackOptions WithGateways(this StackOptions options, int gateways) => gateways == 1 || options.OwnPostgres || options.Postgres is not null
        ? options with { Gateways = gateways }
        : throw new KeyMeldException(ErrorCodes.BadRequest, "Several gateways need one database that all of them use: --storage postgres.");
}
