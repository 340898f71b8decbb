using System.Net;
using System.Threading.RateLimiting;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Http;

/// <summary>What one address may take from the others: calls, identities, and calls that are held open.</summary>
internal sealed class CallLimits : IDisposable
{
    private readonly PartitionedRateLimiter<HttpContext> _calls;
    private readonly PartitionedRateLimiter<HttpContext> _identities;
    private readonly PartitionedRateLimiter<HttpContext> _waits;

    public CallLimits(LimitSettings limits)
    {
        _calls = PerSecond(limits.CallsPerSecond);
        _identities = PerSecond(limits.IdentitiesPerSecond);
        _waits = PartitionedRateLimiter.CreateChained(AtOnce(_ => 0, limits.Waits), AtOnce(AddressOf, limits.WaitsPerAddress));
    }

    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public void Call(HttpContext context) => Take(_calls, context).Dispose();

    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public void Identity(HttpContext context) => Take(_identities, context).Dispose();

    /// <summary>Held until disposed.</summary>
    /// <exception cref="KeyMeldException">rate_limited.</exception>
    public IDisposable Wait(HttpContext context) => Take(_waits, context);

    public void Dispose()
    {
        _calls.Dispose();
        _identities.Dispose();
        _waits.Dispose();
    }

    private static RateLimitLease Take(PartitionedRateLimiter<HttpContext> limiter, HttpContext context)
    {
        var lease = limiter.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            return lease;
        }
        lease.Dispose();
        throw new KeyMeldException(ErrorCodes.RateLimited, "Too many calls from this address.");
    }

    private static PartitionedRateLimiter<HttpContext> PerSecond(int calls) => PartitionedRateLimiter.Create<HttpContext, UInt128>(
        context => RateLimitPartition.GetTokenBucketLimiter(AddressOf(context), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = checked(2 * calls),
            TokensPerPeriod = Math.Max(1, calls / 10),
            ReplenishmentPeriod = calls < 10 ? TimeSpan.FromSeconds(1.0 / calls) : TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));

    private static PartitionedRateLimiter<HttpContext> AtOnce<TKey>(Func<HttpContext, TKey> partition, int most)
        where TKey : notnull => PartitionedRateLimiter.Create<HttpContext, TKey>(
        context => RateLimitPartition.GetConcurrencyLimiter(partition(context), _ => new ConcurrencyLimiterOptions { PermitLimit = most, QueueLimit = 0 }));

    // An IPv6 customer has a /64, not an address.
    private static UInt128 AddressOf(HttpContext context)
    {
        Span<byte> bytes = stackalloc byte[16];
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        var number = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return address.IsIPv4MappedToIPv6 || address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? number : number >> 64;
    }
}
