using System.Net;
using System.Net.Http.Headers;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Client;

/// <summary>
/// HTTP to one gateway (protocol.md section 9): no redirects, no cookies, bounded answers and times. What comes back is either exactly what was asked for or a
/// <see cref="KeyMeldException"/>; it is still the gateway's word, to be verified by the caller.
/// </summary>
internal sealed class GatewayTransport : IDisposable
{
    // One gateway may die after the other.
    private const int MostRefusals = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http;
    private readonly KeyMeldClientOptions _options;
    private readonly string _authority;

    public GatewayTransport(Uri gateway, KeyMeldClientOptions options)
    {
        Gateway = gateway;
        _options = options;
        _authority = RequestAuthorization.Authority(gateway);
        _http = new HttpClient(options.Handler ?? MakeHandler(gateway), disposeHandler: options.Handler is null)
        {
            BaseAddress = gateway,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = gateway.Scheme == Uri.UriSchemeHttps ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
    }

    public Uri Gateway { get; }

    /// <summary>Makes a call and reads its answer.</summary>
    /// <exception cref="KeyMeldException">The gateway's problem with its code, <c>gateway_unreachable</c>, <c>gateway_response_invalid</c>.</exception>
    public async Task<TAnswer> SendAsync<TAnswer>(GatewayCall<TAnswer> call, CancellationToken cancellationToken)
    {
        var refusals = 0;
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await SendOnceAsync(call, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                if (tries >= _options.Retries)
                {
                    throw new KeyMeldException(ErrorCodes.GatewayUnreachable, $"The gateway {Gateway} cannot be reached: {error.Message}", error);
                }
            }
            catch (KeyMeldException refusal) when (refusal.Code == ErrorCodes.Unauthorized && call.Reader is not null && refusals < MostRefusals && tries < _options.Retries)
            {
                // .NET makes a call without a body again by itself, byte for byte, when a connection of its pool ended without an answer. A gateway that died may have noted the nonce, and another one refuses it:
                // again with a nonce of its own. Who is refused for another reason is so again.
                refusals++;
            }
            await Task.Delay(FirstPause * Math.Pow(2, Math.Min(tries, 6)), _options.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _http.Dispose();

    // Each time with a nonce of its own: the one before may have been used.
    private async Task<TAnswer> SendOnceAsync<TAnswer>(GatewayCall<TAnswer> call, CancellationToken cancellationToken)
    {
        using var span = GatewayTraces.Start(call.Method, call.Target);
        using var request = MakeRequest(call);
        using var expiry = new CancellationTokenSource(_options.CallTimeout + TimeSpan.FromSeconds(call.Wait), _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            return await GatewayAnswer.ReadAsync(response, call, either.Token).ConfigureAwait(false);
        }
        catch (KeyMeldException refusal)
        {
            span.Refused(refusal.Code);
            throw;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            span.Refused(ErrorCodes.GatewayUnreachable);
            throw new KeyMeldException(ErrorCodes.GatewayUnreachable, $"The gateway {Gateway} did not answer in time.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            span.Refused(ErrorCodes.GatewayUnreachable);
            throw;
        }
    }

    private HttpRequestMessage MakeRequest<TAnswer>(GatewayCall<TAnswer> call)
    {
        var request = new HttpRequestMessage(call.Method, new Uri(call.Target, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (call.Method == HttpMethod.Post)
        {
            request.Content = new ReadOnlyMemoryContent(call.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        GatewayTraces.Inject(request);
        if (call.Wait > 0)
        {
            request.Headers.Add("Prefer", $"wait={call.Wait}");
        }
        if (call.Reader is not null)
        {
            var header = RequestAuthorization.Sign(call.Method.Method, _authority, call.Target, call.Body.Span, _options.Time.GetUtcNow().ToUnixTimeMilliseconds(), call.Reader);
            request.Headers.TryAddWithoutValidation("Authorization", header);
        }
        return request;
    }

    private static SocketsHttpHandler MakeHandler(Uri gateway) => new()
    {
        // The trace's id is set by hand: no baggage or trace state goes along.
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        MaxResponseHeadersLength = 32,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        UseCookies = false,
        // Plain http never leaves this machine, not to a proxy either.
        UseProxy = !GatewayAddress.IsLoopback(gateway),
    };
}
