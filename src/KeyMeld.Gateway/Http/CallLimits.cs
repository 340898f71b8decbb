using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Http;

/// <summary>What one address, and one key, may take from the others: calls, identities, and calls that are held open.</summary>
internal sealed class CallLimits
{
    private readonly Buckets<UInt128> _calls;
    private readonly Buckets<UInt128> _identities;
    private readonly Buckets<Hash32> _keys;
    private readonly Places<UInt128> _waits;

    public CallLimits(LimitSettings limits, TimeProvider time)
    {
        // Twice a second's worth at once: whoever was quiet may catch up.
        _calls = new Buckets<UInt128>(limits.CallsPerSecond, 2 * limits.CallsPerSecond, time);
        _identities = new Buckets<UInt128>(limits.IdentitiesPerSecond, 2 * limits.IdentitiesPerSecond, time);
        _keys = new Buckets<Hash32>(limits.CallsPerSecondOfKey, 2 * limits.CallsPerSecondOfKey, time);
        _waits = new Places<UInt128>(limits.Waits, limits.WaitsPerAddress);
    }

    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public void Call(HttpContext context) => Require(_calls.TryTake(Caller.Of(context)), "Too many calls from this address.");

    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public void Identity(HttpContext context) => Require(_identities.TryTake(Caller.Of(context)), "Too many identities were asked for from this address.");

    /// <summary>
    /// Counts a call for the key that made it. Only after its signature was verified and found fresh (an Authorization whose nonce is used now, a statement that is new and may change something):
    /// what others can repeat, because it was said before or is shown to them, counts for nobody, so that nobody else can use up what is a key's.
    /// </summary>
    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public void Key(XOnlyPublicKey key) => Require(_keys.TryTake(new Hash32(key.Bytes)), "Too many calls by this key.");

    /// <summary>Held until disposed.</summary>
    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public IDisposable Wait(HttpContext context) => _waits.TryTake(Caller.Of(context)) ?? throw Limited("Too many calls from this address, or altogether, wait or stream events.");

    // Every measure is at least one a second: Retry-After, which counts whole seconds, is always 1.
    private static void Require(bool taken, string detail)
    {
        if (!taken)
        {
            throw Limited(detail);
        }
    }

    private static KeyMeldException Limited(string detail) => new(ErrorCodes.RateLimited, detail);
}
