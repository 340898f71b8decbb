namespace KeyMeld.DevKit.Stack;

/// <summary>What the development stack is to be.</summary>
public sealed record StackOptions
{
    /// <summary>The folder everything lives in; kept between starts.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>How many enclaves, 1 to 16.</summary>
    public int Enclaves { get; init; } = 3;

    /// <summary>The gateway's port on 127.0.0.1.</summary>
    public int Port { get; init; } = 8090;

    /// <summary>How many gateways, 1 to 4, behind that port; several need <see cref="Postgres"/> or <see cref="OwnPostgres"/>.</summary>
    public int Gateways { get; init; } = 1;

    /// <summary>The KMS emulator's port on 127.0.0.1.</summary>
    public int KmsPort { get; init; } = 4566;

    /// <summary>How the parts reach each other.</summary>
    public StackTransport Transport { get; init; }

    /// <summary>The KMS emulator's port with TLS on 127.0.0.1, where <see cref="Transport"/> needs one.</summary>
    public int KmsTlsPort { get; init; } = 4567;

    /// <summary>A gateway configuration to use instead of the generated one; what the stack decides (addresses, database, KMS key) is put over it.</summary>
    public string? GatewayConfiguration { get; init; }

    /// <summary>A PostgreSQL database, which its owner made and keeps running, in place of the SQLite file; only with the generated gateway configuration.</summary>
    public StackDatabase? Postgres { get; init; }

    /// <summary>Whether the stack runs a PostgreSQL server of its own in its folder, which stops with it; in place of <see cref="Postgres"/>.</summary>
    public bool OwnPostgres { get; init; }

    /// <summary>Whether KMS calls carry attestation documents. False is for LocalStack, moto and the like.</summary>
    public bool Attestation { get; init; } = true;

    /// <summary>Another KMS endpoint than the emulator, only without attestation. Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.</summary>
    public Uri? ExternalKms { get; init; }

    /// <summary>Whether a child that ends is started again.</summary>
    public bool RestartCrashed { get; init; }

    /// <summary>How long a part may take for one thing, such as to come up; for slow machines.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>The region of the KMS key.</summary>
    public string Region { get; init; } = "us-west-2";
}

/// <summary>A PostgreSQL database of the stack's gateway.</summary>
/// <param name="Host">The folder of its unix socket, or a host.</param>
/// <param name="Port">The number in the socket's name, or the port.</param>
/// <param name="Database">Its name.</param>
/// <param name="User">Who owns it.</param>
/// <param name="PasswordFile">A file with that user's password; null where none is asked for.</param>
/// <param name="Tls">Whether a server on a host has to prove who it is.</param>
public sealed record StackDatabase(string Host, int Port, string Database, string User, string? PasswordFile, bool Tls = true);
