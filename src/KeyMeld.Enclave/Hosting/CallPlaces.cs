using System.Threading.RateLimiting;

namespace KeyMeld.Enclave.Hosting;

/// <summary>
/// How many calls are taken into memory at once: few of the large ones, more of the small ones, and as many exchanges as there may be connections. A flood of calls takes no more
/// memory than these numbers say.
/// </summary>
internal sealed class CallPlaces : IDisposable
{
    public const int MaxConnections = 16;

    /// <summary>Places for small calls.</summary>
    public const int Small = 32;

    private readonly ConcurrencyLimiter _large = new(new ConcurrencyLimiterOptions { PermitLimit = 4, QueueLimit = 256 });
    private readonly ConcurrencyLimiter _small = new(new ConcurrencyLimiterOptions { PermitLimit = Small, QueueLimit = 256 });
    private readonly ConcurrencyLimiter _exchanges = new(new ConcurrencyLimiterOptions { PermitLimit = MaxConnections });

    /// <summary>A place for a message of up to <see cref="Wire.Transport.WireLimits.MaxMessageBytes"/>.</summary>
    /// <returns>A lease to dispose of; one that was not acquired where too many wait already.</returns>
    public ValueTask<RateLimitLease> LargeAsync(CancellationToken cancellation) => _large.AcquireAsync(1, cancellation);

    /// <summary>A place for a message of up to a mebibyte, or for a call of an exchange.</summary>
    public ValueTask<RateLimitLease> SmallAsync(CancellationToken cancellation) => _small.AcquireAsync(1, cancellation);

    /// <summary>A place for an exchange, which stays as long as its connection. Nobody waits for one.</summary>
    public ValueTask<RateLimitLease> ExchangeAsync(CancellationToken cancellation) => _exchanges.AcquireAsync(1, cancellation);

    public void Dispose()
    {
        _large.Dispose();
        _small.Dispose();
        _exchanges.Dispose();
    }
}
