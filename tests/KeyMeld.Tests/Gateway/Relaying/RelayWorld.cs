using System.Collections;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace KeyMeld.Tests.Gateway.Relaying;

/// <summary>A relay with two enclaves behind it that answer their own number and whatever they hear, and a private authority that gave it and one caller certificates.</summary>
internal sealed class RelayWorld : IAsyncDisposable
{
    public const string Host = "localhost";
    public const string Caller = "gateway-b.internal";

    private readonly List<Socket> _enclaves = [];
    private int _reached;

    private RelayWorld()
    {
    }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("km-relay-");

    public TestAuthority Authority { get; } = new("relay root");

    public EnclaveRelay Relay { get; private set; } = null!;

    public int Port => Relay.Listening!.Port;

    /// <summary>How many connections came through to an enclave.</summary>
    public int Reached => Volatile.Read(ref _reached);

    /// <param name="addresses">Of enclaves that are there already; without them two are made.</param>
    /// <param name="connections">Most at once.</param>
    /// <param name="time">The clock.</param>
    public static async Task<RelayWorld> StartAsync(string[]? addresses = null, int connections = 16, TimeProvider? time = null)
    {
        var world = new RelayWorld();
        world.WriteServer(world.Authority.Issue(Host));
        addresses ??= [world.StartEnclave(0), world.StartEnclave(1)];
        var settings = SettingsReader.Read($$"""
            mode: development
            server: { listen: "http://127.0.0.1:0", public_url: "http://127.0.0.1:8090" }
            storage: { kind: sqlite, path: "unused" }
            kms: { enabled: true, endpoint_url: null, key_id: "alias/keymeld", enable_attestation: false }
            relay: { listen: "127.0.0.1:0", certificate: "{{world.File("server.pem")}}", certificate_key: "{{world.File("server.key")}}", roots: "{{world.Roots()}}", clients: ["{{Caller}}"], connections: {{connections}} }
            enclaves: [ {{string.Join(", ", addresses.Select((address, id) => $"{{ id: {id}, address: \"{address}\" }}"))}}, { id: 7, address: "relay:elsewhere.internal:1" } ]
            """, new Hashtable());
        world.Relay = new EnclaveRelay(settings, time ?? TimeProvider.System, NullLogger<EnclaveRelay>.Instance);
        await world.Relay.StartAsync(TestContext.Current.CancellationToken);
        return world;
    }

    public string File(string name) => Path.Combine(Folder.FullName, name);

    /// <summary>The relay's certificate from the next connection on.</summary>
    public void WriteServer(X509Certificate2 certificate) => Write("server", certificate);

    /// <summary>What a gateway that calls is told; with a good certificate of its own unless it is given another.</summary>
    public RelaySettings CallerSettings(X509Certificate2? certificate = null, TestAuthority? trusting = null)
    {
        Write("caller", certificate ?? Authority.Issue(Caller, forServers: false));
        return new RelaySettings(new CertificateFiles(File("caller.pem"), File("caller.key")), Roots(trusting), null);
    }

    /// <summary>One whole attempt of a caller.</summary>
    /// <param name="settings">What it is told.</param>
    /// <param name="enclave">Whom it asks for.</param>
    /// <param name="change">What it does otherwise than a gateway.</param>
    /// <returns>What it read before the connection ended, at most the first line; null where it got nothing.</returns>
    public async Task<string?> CallAsync(RelaySettings settings, uint enclave = 0, Action<SslClientAuthenticationOptions>? change = null)
    {
        var options = RelayTrust.Client(settings, Host, RelayAddress.ProtocolOf(enclave));
        change?.Invoke(options);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Port, patience.Token);
        await using var secure = new SslStream(client.GetStream());
        try
        {
            await secure.AuthenticateAsClientAsync(options, patience.Token);
            await secure.WriteAsync("hello\n"u8.ToArray(), patience.Token);
            using var reader = new StreamReader(secure, Encoding.ASCII);
            return await reader.ReadLineAsync(patience.Token);
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        _enclaves.ForEach(enclave => enclave.Dispose());
        Authority.Dispose();
        Folder.Delete(recursive: true);
    }

    private string Roots(TestAuthority? authority = null)
    {
        var path = File(authority is null ? "roots.pem" : "other-roots.pem");
        System.IO.File.WriteAllText(path, (authority ?? Authority).Pem);
        return path;
    }

    private void Write(string name, X509Certificate2 certificate)
    {
        using (certificate)
        {
            System.IO.File.WriteAllText(File(name + ".pem"), certificate.ExportCertificatePem());
            System.IO.File.WriteAllText(File(name + ".key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }
    }

    private string StartEnclave(int id)
    {
        var address = $"unix:{Folder.FullName}/e{id}.sock";
        var listener = LinkSocket.Listen(EnclaveAddress.Parse(address));
        _enclaves.Add(listener);
        _ = ServeAsync();
        return address;

        async Task ServeAsync()
        {
            while (true)
            {
                Socket accepted;
                try
                {
                    accepted = await listener.AcceptAsync();
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                    return;
                }
                Interlocked.Increment(ref _reached);
                await using var stream = new NetworkStream(accepted, ownsSocket: true);
                using var reader = new StreamReader(stream, Encoding.ASCII);
                if (await reader.ReadLineAsync() is { } line)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"{id} {line}\n"));
                }
            }
        }
    }
}
