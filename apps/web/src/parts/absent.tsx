interface Props {
  readonly title: string;
  readonly why?: string;
  /** The way on. */
  readonly href: string;
  readonly where: string;
}

/** What the address names is not there, or no more. */
export const Absent = ({ title, why, href, where }: Props) => (
  <div class="nothing">
    <h1>{title}</h1>
    {why !== undefined && <p>{why}</p>}
    <a class="button" href={href}>
      {where}
    </a>
  </div>
);
