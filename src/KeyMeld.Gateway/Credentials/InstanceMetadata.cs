// EC2 user guide, "Use the Instance Metadata Service" (version 2: a session token by PUT) and "Retrieve security credentials from instance metadata".
using System.Globalization;
using System.Net;
using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Credentials;

/// <summary>Asks the instance for the credentials of its role. The address is the well-known link-local one and cannot be configured; without a session token nothing is asked.</summary>
internal sealed class InstanceMetadata : IDisposable
{
    private const string Address = "http://169.254.169.254";
    private const string Roles = "/latest/meta-data/iam/security-credentials/";
    private const int MostBytes = 64 * 1024;
    private const int MostTokenLetters = 512;

    private readonly HttpClient _http;

    /// <param name="handler">For tests, which lead the connection elsewhere; owned from here on.</param>
    public InstanceMetadata(SocketsHttpHandler? handler = null)
    {
        handler ??= new SocketsHttpHandler();
        (handler.UseProxy, handler.AllowAutoRedirect, handler.UseCookies, handler.AutomaticDecompression) = (false, false, false, DecompressionMethods.None);
        handler.ConnectTimeout = TimeSpan.FromSeconds(2);
        _http = new HttpClient(handler) { BaseAddress = new Uri(Address), Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = MostBytes };
    }

    /// <summary>The credentials of the instance's role as they are now, with their end.</summary>
    /// <exception cref="KeyMeldException">kms_credentials_invalid: the service does not answer, there is no role, or the answer is none. Never quotes an answer.</exception>
    public async Task<AwsCredentials> FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            var token = await TokenAsync(cancellationToken);
            var role = (await GetAsync(Roles, token, cancellationToken)).Split('\n')[0].Trim();
            if (role.Length is 0 or > 128 || !role.All(letter => char.IsAsciiLetterOrDigit(letter) || "+=,.@_-".Contains(letter, StringComparison.Ordinal)))
            {
                throw Invalid("names no role: attach the enclaves' role to the instance");
            }
            return Parse(await GetAsync(Roles + role, token, cancellationToken));
        }
        catch (HttpRequestException exception)
        {
            throw new KeyMeldException(ErrorCodes.KmsCredentialsInvalid, $"The instance metadata service does not answer ({exception.HttpRequestError}).", exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KeyMeldException(ErrorCodes.KmsCredentialsInvalid, "The instance metadata service does not answer in time.", exception);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/latest/api/token");
        request.Headers.Add("X-aws-ec2-metadata-token-ttl-seconds", "60");
        var token = await ReadAsync(request, cancellationToken);
        return token.Length is > 0 and <= MostTokenLetters && token.All(letter => letter is > ' ' and <= '~') ? token : throw Invalid("gives no session token");
    }

    private async Task<string> GetAsync(string path, string token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-aws-ec2-metadata-token", token);
        return await ReadAsync(request, cancellationToken);
    }

    private async Task<string> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(request, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await response.Content.ReadAsStringAsync(cancellationToken),
            HttpStatusCode.NotFound => throw Invalid("knows no role: attach the enclaves' role to the instance"),
            var status => throw Invalid(string.Create(CultureInfo.InvariantCulture, $"refuses with status {(int)status}; version 2 of it must be enabled")),
        };
    }

    private static AwsCredentials Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var expiration = root.GetProperty("Expiration").GetDateTimeOffset();
            return root.GetProperty("Code").GetString() != "Success"
                ? throw Invalid("has no credentials for the role; look at the role's trust policy")
                : new AwsCredentials
                {
                    AccessKeyId = Text(root, "AccessKeyId"),
                    SecretAccessKey = Text(root, "SecretAccessKey"),
                    SessionToken = Text(root, "Token"),
                    ExpiresMs = expiration.ToUnixTimeMilliseconds(),
                };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Not the exception itself: it could quote what it could not read.
            throw Invalid($"answers credentials in a form that is not known ({exception.GetType().Name})");
        }
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() is { Length: > 0 } text ? text : throw Invalid("answers credentials that are not complete");

    private static KeyMeldException Invalid(string what) => new(ErrorCodes.KmsCredentialsInvalid, $"The instance metadata service {what}.");
}
