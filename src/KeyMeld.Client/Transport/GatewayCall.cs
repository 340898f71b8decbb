using System.Text.Json.Serialization.Metadata;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>One call to the gateway.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Target">Path and query as sent, ASCII, from /api/v1 on.</param>
/// <param name="Answer">What the answer has to be.</param>
internal sealed record GatewayCall<TAnswer>(HttpMethod Method, string Target, JsonTypeInfo<TAnswer> Answer)
{
    /// <summary>Most bytes of an answer unless said otherwise.</summary>
    public const int UsualBytes = 4 * 1024 * 1024;

    /// <summary>JSON to send.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The key that may read; a call that needs none carries no Authorization.</summary>
    public SecretKey? Reader { get; init; }

    /// <summary>Seconds the gateway is asked to hold the answer back for a final state.</summary>
    public int Wait { get; init; }

    /// <summary>Most bytes of the answer.</summary>
    public int MostBytes { get; init; } = UsualBytes;
}
